using Ashlar.Checkpoints;
using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>
/// A model that can be trained to predict the next token. Tensors of tokens are int64, [rows, length], on the model's device.
/// </summary>
public abstract class CausalLanguageModel : IDisposable
{
    /// <summary>The target that is not supervised.</summary>
    public const long IgnoredTarget = -100;

    /// <summary>Trainable tensors under their Hugging Face names; tied weights appear once.</summary>
    public abstract IReadOnlyList<NamedParameter> Parameters { get; }

    /// <summary>Where the parameters are.</summary>
    public abstract Device Device { get; }

    /// <summary>Whether dropout is on.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>
    /// The sum of -log p(target) over the targets that are not <see cref="IgnoredTarget"/>, in nats; a scalar that can be propagated
    /// backward. A sum, so that gradients accumulated over several batches equal those of one large batch.
    /// </summary>
    /// <param name="inputs">Token ids, [rows, length].</param>
    /// <param name="targets">The token that follows each input, or <see cref="IgnoredTarget"/>; [rows, length].</param>
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

    /// <summary>Sets all gradients to zero, before the first batch of a step.</summary>
    public abstract void ZeroGradients();

    /// <summary>Turns dropout on or off.</summary>
    public virtual void SetTraining(bool training) => Training = training;

    /// <summary>Writes <c>config.json</c> and <c>model.safetensors</c> (fp32) into a folder, each whole or not at all.</summary>
    public abstract void Save(string directory);

    /// <summary>Reads every parameter from a checkpoint.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing, extra or of another shape; the message names it.</exception>
    public abstract void Load(ITensorSource source);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the parameters.</summary>
    protected abstract void Dispose(bool disposing);
}
