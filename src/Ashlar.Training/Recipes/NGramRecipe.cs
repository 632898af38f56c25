namespace Ashlar.Training.Recipes;

/// <summary>An n-gram model: how long its n-grams are and how their counts become probabilities.</summary>
public sealed record NGramRecipe
{
    /// <summary>Length of the longest n-gram, 1 to 7.</summary>
    public int Order { get; init; } = 5;

    /// <summary><c>maximum-likelihood</c>, <c>add-k</c>, <c>witten-bell</c>, <c>kneser-ney</c> or <c>modified-kneser-ney</c>.</summary>
    public string Smoothing { get; init; } = "modified-kneser-ney";

    /// <summary>What <c>add-k</c> adds to every count.</summary>
    public double K { get; init; } = 1;

    /// <summary>Discounts of Kneser-Ney for all orders, one or three, instead of those estimated from the text; empty to estimate.</summary>
    public IReadOnlyList<double> Discounts { get; init; } = [];

    /// <summary>
    /// The fewest occurrences of an n-gram that is kept, by order from 1; the last one goes on for higher orders. Empty keeps
    /// everything.
    /// </summary>
    public IReadOnlyList<int> MinimumCounts { get; init; } = [];

    /// <summary>Tokens that are sorted in memory at once while counting, about 45 bytes each; a longer text is counted in parts and merged.</summary>
    public int BlockTokens { get; init; } = 1 << 22;
}
