namespace Ashlar.Inference.Models.NGrams;

/// <summary>What an n-gram model is, besides its tables.</summary>
public sealed record NGramHeader
{
    /// <summary>Highest order the file format and the counter take.</summary>
    public const int MaximumOrder = 7;

    /// <summary>Length of the longest n-gram: the context has one token less.</summary>
    public required int Order { get; init; }

    /// <summary>Token ids are below this.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>How counts become probabilities.</summary>
    public required NGramSmoothing Smoothing { get; init; }

    /// <summary>What add-k adds to every count.</summary>
    public double K { get; init; }

    /// <summary>The token before a sentence (<c>&lt;s&gt;</c>); -1 for one stream without sentences. It may be <see cref="EndId"/> itself.</summary>
    public int BeginId { get; init; } = -1;

    /// <summary>The token that ends a sentence (<c>&lt;/s&gt;</c>) and is predicted like any other; -1 without sentences.</summary>
    public int EndId { get; init; } = -1;

    /// <summary>
    /// [order][3]: what is taken from a count of one, of two, and of three or more, by order from 1. Empty unless the smoothing is
    /// Kneser-Ney's.
    /// </summary>
    public IReadOnlyList<double[]> Discounts { get; init; } = [];

    /// <summary>The token that is context only and never predicted; -1 if every token is predicted.</summary>
    public int Excluded => BeginId == EndId ? -1 : BeginId;

    /// <summary>Number of tokens that can be predicted: V in the uniform distribution 1 / V.</summary>
    public int PredictedCount => VocabularySize - (Excluded >= 0 ? 1 : 0);

    /// <summary>What is taken from a count at an order (Chen and Goodman 1999, equation 23).</summary>
    public double Discount(int order, long count) =>
        Discounts.Count == 0 || count == 0 ? 0 : Math.Min(count, Discounts[order - 1][Math.Min(count, 3) - 1]);

    /// <summary>Refuses values that no model can have.</summary>
    /// <exception cref="InvalidDataException">With one sentence on what is wrong.</exception>
    public void Validate()
    {
        Check(Order is >= 1 and <= MaximumOrder, $"the order is {Order}; expected from 1 to {MaximumOrder}");
        Check(VocabularySize >= 1, $"the vocabulary has {VocabularySize} tokens; expected at least 1");
        Check(Enum.IsDefined(Smoothing), $"smoothing {(int)Smoothing} is unknown");
        Check(BeginId >= -1 && BeginId < VocabularySize, $"the begin token is {BeginId}, outside the vocabulary of {VocabularySize}");
        Check(EndId >= -1 && EndId < VocabularySize, $"the end token is {EndId}, outside the vocabulary of {VocabularySize}");
        Check(Smoothing != NGramSmoothing.AddK || K > 0 && double.IsFinite(K), $"k is {K}; expected a number above 0");
        Check(
            Discounts.Count == (Smoothing.CountsContinuations() ? Order : 0) && Discounts.All(d => d.Length == 3 && d.All(x => x is >= 0 and <= 3)),
            "the discounts do not fit: expected three from 0 to 3 for each order of Kneser-Ney, and none otherwise");

        static void Check(bool right, string fault)
        {
            if (!right)
                throw new InvalidDataException($"n-gram model: {fault}.");
        }
    }
}

/// <summary>
/// The n-grams of one order as a level of a trie: those with the same context lie together, sorted by their last token, and
/// contexts lie in the order of their own level. Level 1 has one node for every token of the vocabulary.
/// </summary>
public sealed class NGramTable
{
    /// <summary>[nodes] last tokens; empty at order 1, where node i is token i.</summary>
    public int[] Words { get; init; } = [];

    /// <summary>[nodes] occurrences, or for the lower orders of Kneser-Ney different left neighbours; empty with probabilities.</summary>
    public uint[] Counts { get; init; } = [];

    /// <summary>[nodes + 1] where the children of each node begin in the next order's table; empty at the highest order.</summary>
    public uint[] Starts { get; set; } = [];

    /// <summary>
    /// [nodes] what the children's counts are divided by, where some children were left out for being rare; empty where the
    /// children themselves give it.
    /// </summary>
    public uint[] Denominators { get; set; } = [];

    /// <summary>[nodes] log10 of the probability, of an ARPA file; empty with counts.</summary>
    public float[] Probabilities { get; init; } = [];

    /// <summary>[nodes] log10 of the back-off weight, of an ARPA file; empty with counts and at the highest order.</summary>
    public float[] Backoffs { get; init; } = [];

    /// <summary>Number of n-grams.</summary>
    public int Count => Math.Max(Counts.Length, Probabilities.Length);
}
