namespace Ashlar.Training.Optimizers;

/// <summary>The constants of AdamW.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the corrected second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay: each step, a decayed parameter is multiplied by 1 - learning rate · decay.</summary>
    public double WeightDecay { get; init; } = 0.1;

    /// <summary>Whether embeddings decay as matrices do. Biases and gains never do.</summary>
    public bool DecayEmbeddings { get; init; } = true;
}
