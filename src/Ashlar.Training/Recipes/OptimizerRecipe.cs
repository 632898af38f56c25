using System.Text.Json.Serialization;

namespace Ashlar.Training.Recipes;

/// <summary>The optimizer.</summary>
public sealed record OptimizerRecipe
{
    /// <summary>Which one.</summary>
    public OptimizerKind Kind { get; init; } = OptimizerKind.AdamW;

    /// <summary>Peak learning rate (AdamW, SGD, and the non-matrix part under Muon).</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay, on matrices and embeddings only.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Peak learning rate of the matrices under Muon.</summary>
    public double MuonLearningRate { get; init; } = 0.02;

    /// <summary>SGD's momentum.</summary>
    public double Momentum { get; init; }

    /// <summary>Muon's momentum.</summary>
    public double MuonMomentum { get; init; } = 0.95;
}

/// <summary>Optimizers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OptimizerKind>))]
public enum OptimizerKind
{
    /// <summary>AdamW (Loshchilov and Hutter 2019), fused.</summary>
    [JsonStringEnumMemberName("adamw")] AdamW,

    /// <summary>Muon on hidden matrices (Jordan 2024), AdamW on the rest.</summary>
    [JsonStringEnumMemberName("muon")] Muon,

    /// <summary>Stochastic gradient descent, with momentum if <see cref="OptimizerRecipe.Momentum"/> is above 0.</summary>
    [JsonStringEnumMemberName("sgd")] Sgd,
}
