using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>
/// A model that can be trained to predict the next token. Tensors of tokens are int64, [rows, length], on the model's device.
/// </summary>
public abstract class CausalLanguageModel : TrainableModel
{
    /// <summary>
    /// The sum of -log p(target) over the targets that are not <see cref="TrainableModel.IgnoredTarget"/>, in nats; a scalar that can be propagated
    /// backward. A sum, so that gradients accumulated over several batches equal those of one large batch.
    /// </summary>
    /// <param name="inputs">Token ids, [rows, length].</param>
    /// <param name="targets">The token that follows each input, or <see cref="TrainableModel.IgnoredTarget"/>; [rows, length].</param>
    /// <param name="positions">Position of each token in its document, [rows, length]; without it, 0, 1, 2, ... in each row.</param>
    /// <param name="documents">Index of each token's document, [rows, length]: a token sees only earlier tokens of its own document.</param>
    public abstract Tensor LossSum(Tensor inputs, Tensor targets, Tensor? positions = null, Tensor? documents = null);

    /// <summary>
    /// One forward and backward pass: adds the gradients of <see cref="LossSum"/> to the parameters' gradients and returns its value.
    /// A model may have a faster way to this than automatic differentiation.
    /// </summary>
    /// <inheritdoc cref="LossSum" path="/param"/>
    public virtual double AccumulateGradients(Tensor inputs, Tensor targets, Tensor? positions = null, Tensor? documents = null)
    {
        using Tensor loss = LossSum(inputs, targets, positions, documents);
        loss.backward();
        return loss.item<float>();
    }

    /// <summary>Unnormalised log-probabilities of the next token, fp32, [rows, length, vocabulary].</summary>
    /// <inheritdoc cref="LossSum" path="/param"/>
    public abstract Tensor Logits(Tensor inputs, Tensor? positions = null, Tensor? documents = null);
}
