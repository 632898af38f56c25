namespace Ashlar.Inference.Models.NGrams;

/// <summary>What one order says of a next token.</summary>
/// <param name="Order">The order, from 1; its context has one token less.</param>
/// <param name="Context">The context's tokens.</param>
public sealed record BackoffStep(int Order, IReadOnlyList<int> Context)
{
    /// <summary>Whether the context was seen in training (the empty one always was).</summary>
    public bool Seen { get; init; }

    /// <summary>Sum of the counts of what followed the context; 0 with probabilities instead of counts.</summary>
    public long Total { get; init; }

    /// <summary>Different tokens that followed the context.</summary>
    public int Followers { get; init; }

    /// <summary>Count of context and token; 0 if they were not seen together.</summary>
    public long Count { get; init; }

    /// <summary>Whether context and token were seen together.</summary>
    public bool Found { get; init; }

    /// <summary>What is taken from the count.</summary>
    public double Discount { get; init; }

    /// <summary>What this order alone gives the token: (count - discount) / denominator.</summary>
    public double Own { get; init; }

    /// <summary>The share of the next lower order, or the back-off weight where the token was not found.</summary>
    public double Weight { get; init; }

    /// <summary>The token's probability from this order down.</summary>
    public double Probability { get; init; }
}

/// <summary>Where the probability of one next token comes from.</summary>
/// <param name="Token">The token.</param>
/// <param name="Probability">Its probability.</param>
/// <param name="Steps">The orders, longest context first.</param>
/// <param name="Uniform">What the lowest order gives a token that was never seen: 1 / V; 0 where nothing does.</param>
public sealed record BackoffPath(int Token, double Probability, IReadOnlyList<BackoffStep> Steps, double Uniform);
