using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>How a translation model is to be trained, as far as the model itself is concerned.</summary>
public sealed record TranslationModelOptions
{
    /// <summary>Precision of matrix products.</summary>
    public ComputeType ComputeType { get; init; } = ComputeType.Float32;

    /// <summary>Where it lives; the CPU without a value.</summary>
    public Device? Device { get; init; }

    /// <summary>Seed of the initial weights.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Recurrent models: standard deviation of the first embeddings.</summary>
    public double EmbeddingDeviation { get; init; } = 0.1;

    /// <summary>
    /// Whether training on the CPU goes through the fused pass where the model has one; off, everything goes through torch's automatic
    /// differentiation, which computes the same more slowly.
    /// </summary>
    public bool FusedPass { get; init; } = true;
}
