namespace Ashlar.Inference.Translation;

/// <summary>A translation.</summary>
/// <param name="Text">The text.</param>
/// <param name="Tokens">Its token ids, without the one that ends it.</param>
/// <param name="LogProbability">Natural logarithm of its probability, the end included; NaN if <see cref="Decoding.BeamSearchOptions.KeepScores"/> let it be left out.</param>
/// <param name="Score">What it was ranked by; NaN like the former.</param>
/// <param name="Ended">Whether it came to its end rather than to the length limit.</param>
public sealed record TranslatedText(string Text, IReadOnlyList<int> Tokens, double LogProbability, double Score, bool Ended)
{
    /// <summary>What each token looked at, if that was asked for.</summary>
    public AttentionMatrix? Attention { get; init; }
}

/// <summary>Which source tokens a decoder looked at when it wrote each target token.</summary>
/// <param name="Source">Source tokens as people read them, in the order in which the encoder reads them.</param>
/// <param name="Target">Target tokens, the end included.</param>
/// <param name="Weights">[target][source]; each row sums to 1.</param>
public sealed record AttentionMatrix(IReadOnlyList<string> Source, IReadOnlyList<string> Target, IReadOnlyList<float[]> Weights)
{
    /// <summary>
    /// Where each source token stands in the sentence, from 0 and in the order of the text; -1 for tags and the end. Null where all
    /// are text and read in order.
    /// </summary>
    public IReadOnlyList<int>? SourcePlaces { get; init; }

    /// <summary>Whether the last target token is the end rather than text.</summary>
    public bool Ended { get; init; } = true;

    /// <summary>The source token of text that each target token of text looked at most, both counted from 0.</summary>
    public IEnumerable<(int Source, int Target)> Links()
    {
        for (int target = 0; target < Weights.Count - (Ended ? 1 : 0); target++)
        {
            float[] row = Weights[target];
            int best = -1;
            for (int i = 0; i < row.Length; i++)
            {
                if ((SourcePlaces is null || SourcePlaces[i] >= 0) && (best < 0 || row[i] > row[best]))
                    best = i;
            }

            if (best >= 0)
                yield return (SourcePlaces?[best] ?? best, target);
        }
    }

    /// <summary>The links as <c>source-target</c>: the format of Pharaoh, Moses and fast_align.</summary>
    public string ToPairs() => string.Join(' ', Links().Select(link => $"{link.Source}-{link.Target}"));
}

/// <summary>A line of a file and what became of it.</summary>
/// <param name="Number">The line's number, from 1.</param>
/// <param name="Source">The line; empty where there is a problem.</param>
/// <param name="Translations">Best first; empty where there is a problem.</param>
/// <param name="Problem">Why it could not be translated, in one sentence; null if it was.</param>
public sealed record TranslatedLine(long Number, string Source, IReadOnlyList<TranslatedText> Translations, string? Problem);
