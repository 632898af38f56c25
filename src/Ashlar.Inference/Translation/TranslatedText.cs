namespace Ashlar.Inference.Translation;

/// <summary>A translation.</summary>
/// <param name="Text">The text.</param>
/// <param name="Tokens">Its token ids, without the one that ends it.</param>
/// <param name="LogProbability">Natural logarithm of its probability, the end included.</param>
/// <param name="Score">What it was ranked by.</param>
/// <param name="Ended">Whether it came to its end rather than to the length limit.</param>
public sealed record TranslatedText(string Text, IReadOnlyList<int> Tokens, double LogProbability, double Score, bool Ended)
{
    /// <summary>What each token looked at, if that was asked for.</summary>
    public AttentionMatrix? Attention { get; init; }
}

/// <summary>Which source tokens a decoder looked at when it wrote each target token.</summary>
/// <param name="Source">Source tokens as the vocabulary spells them, in the order in which the encoder reads them.</param>
/// <param name="Target">Target tokens, the end included.</param>
/// <param name="Weights">[target][source]; each row sums to 1.</param>
public sealed record AttentionMatrix(IReadOnlyList<string> Source, IReadOnlyList<string> Target, IReadOnlyList<float[]> Weights)
{
    /// <summary>
    /// The strongest link of each target token but the end, as pairs <c>source-target</c> counted from 0: the format of Moses and
    /// fast_align.
    /// </summary>
    public string ToPairs() => string.Join(' ', Weights.SkipLast(1).Select((row, target) => $"{Array.IndexOf(row, row.Max())}-{target}"));
}

/// <summary>A line of a file and what became of it.</summary>
/// <param name="Number">The line's number, from 1.</param>
/// <param name="Source">The line.</param>
/// <param name="Translations">Best first; empty where there is a problem.</param>
/// <param name="Problem">Why it could not be translated, in one sentence; null if it was.</param>
public sealed record TranslatedLine(long Number, string Source, IReadOnlyList<TranslatedText> Translations, string? Problem);
