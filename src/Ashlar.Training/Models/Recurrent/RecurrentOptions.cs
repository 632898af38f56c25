using static TorchSharp.torch;

namespace Ashlar.Training.Models.Recurrent;

/// <summary>How a recurrent model is to be trained, as far as the model itself is concerned.</summary>
public sealed record RecurrentOptions
{
    /// <summary>Precision of the projection's matrix products, which are most of the arithmetic; the layers' are fp32.</summary>
    public ComputeType ComputeType { get; init; } = ComputeType.Float32;

    /// <summary>Where it lives; the CPU without a value.</summary>
    public Device? Device { get; init; }

    /// <summary>Seed of the initial weights.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>
    /// Whether training on the CPU goes through the fused pass; off, everything goes through torch's automatic differentiation, which
    /// computes the same more slowly.
    /// </summary>
    public bool FusedPass { get; init; } = true;
}
