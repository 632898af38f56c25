using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>A model that reads a source and is trained to predict the next token of its translation (teacher forcing).</summary>
public abstract class TranslationModel : TrainableModel
{
    /// <summary>What stands around sentences.</summary>
    public abstract TranslationFormat Format { get; }

    /// <summary>Number of target ids.</summary>
    public abstract int TargetVocabularySize { get; }

    /// <summary>The <c>config.json</c> of the model.</summary>
    public abstract System.Text.Json.Nodes.JsonObject ConfigurationJson { get; }

    /// <summary>
    /// The sum over the targets that are not padding of the cross-entropy between the smoothed target and the prediction, in nats; a
    /// scalar that can be propagated backward.
    /// </summary>
    /// <param name="batch">Sources, decoder inputs and targets.</param>
    /// <param name="labelSmoothing">
    /// The share of the target distribution that is spread evenly over the vocabulary (Szegedy et al. 2016, section 7); 0 gives the
    /// plain negative log-likelihood.
    /// </param>
    public abstract Tensor LossSum(ParallelBatch batch, double labelSmoothing = 0);

    /// <summary>
    /// One forward and backward pass: adds the gradients of <see cref="LossSum"/> to the parameters' gradients and returns its value.
    /// A model may have a faster way to this than automatic differentiation.
    /// </summary>
    /// <inheritdoc cref="LossSum" path="/param"/>
    public virtual double AccumulateGradients(ParallelBatch batch, double labelSmoothing = 0)
    {
        using Tensor loss = LossSum(batch, labelSmoothing);
        loss.backward();
        return loss.item<float>();
    }

    /// <summary>Unnormalised log-probabilities of each target, fp32, [rows, target length, target vocabulary].</summary>
    public abstract Tensor Logits(ParallelBatch batch);

    /// <inheritdoc/>
    public override void Save(string directory) => ModelCheckpoint.Save(directory, ConfigurationJson, Parameters);

    private protected Tensor LossOf(Tensor logits, ParallelBatch batch, double labelSmoothing) =>
        nn.functional.cross_entropy(
            logits.reshape(-1, TargetVocabularySize),
            tensor(batch.Targets, ScalarType.Int64, Device),
            ignore_index: IgnoredTarget,
            reduction: nn.Reduction.Sum,
            label_smoothing: labelSmoothing);
}
