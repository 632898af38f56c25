using System.Text.Json.Serialization;

namespace Ashlar.Training.Recipes;

/// <summary>Length and arithmetic of the run.</summary>
public sealed record TrainingRecipe
{
    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>Rows in one forward and backward pass.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Passes in one optimizer step; equal to a batch as many times larger.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>Largest global gradient norm; 0 turns clipping off.</summary>
    public double GradientClip { get; init; } = 1;

    /// <summary>Arithmetic of the matrix products; weights are always kept in float32.</summary>
    public ComputeKind ComputeType { get; init; } = ComputeKind.BFloat16;

    /// <summary>
    /// GPT on the CPU: compute each block's activations again in the backward pass instead of keeping them (Chen et al. 2016); about a
    /// third more arithmetic, memory of one block instead of all.
    /// </summary>
    public bool ActivationCheckpointing { get; init; }

    /// <summary>Decay of the exponential moving average of the weights; 0 turns it off.</summary>
    public double Ema { get; init; }

    /// <summary>
    /// Average the weights of this many of the last validations (Vaswani et al. 2017, section 6.1) at the end of the run; 0 or 1 for
    /// the last weights alone.
    /// </summary>
    public int AverageCheckpoints { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 500;
}

/// <summary>Arithmetic of the matrix products.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ComputeKind>))]
public enum ComputeKind
{
    /// <summary>32-bit throughout.</summary>
    [JsonStringEnumMemberName("float32")] Float32,

    /// <summary>bfloat16 products with 32-bit master weights.</summary>
    [JsonStringEnumMemberName("bfloat16")] BFloat16,
}
