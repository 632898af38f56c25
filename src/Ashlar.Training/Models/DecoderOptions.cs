using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>How a decoder is to be trained, as far as the model itself is concerned.</summary>
public sealed record DecoderOptions
{
    /// <summary>Precision of matrix products.</summary>
    public ComputeType ComputeType { get; init; } = ComputeType.Float32;

    /// <summary>Where it lives; the CPU without a value.</summary>
    public Device? Device { get; init; }

    /// <summary>Seed of the initial weights.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>
    /// Whether each block's activations are computed again in the backward pass instead of being kept (Chen et al., "Training Deep
    /// Nets with Sublinear Memory Cost", 2016): about a third more arithmetic, memory of one block instead of all.
    /// </summary>
    public bool ActivationCheckpointing { get; init; }

    /// <summary>
    /// Whether training on the CPU goes through the fused pass; off, everything goes through torch's automatic differentiation, which
    /// computes the same more slowly.
    /// </summary>
    public bool FusedPass { get; init; } = true;
}
