namespace Ashlar.Evaluation.Translation;

/// <summary>How many translations, and how many of their words, are exactly right, in percent; named <c>lowercased</c> if letter case does not count.</summary>
public static class SequenceAccuracy
{
    /// <summary>Lines equal to a reference, spaces at the ends aside.</summary>
    /// <exception cref="InvalidDataException">There are no references, or a set is not as long as the hypotheses.</exception>
    public static TranslationScore ExactMatch(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, bool lowercase = false) =>
        Share("exact match", hypotheses, references, lowercase, (hypothesis, reference) =>
            TextSegments.Trim(hypothesis) == TextSegments.Trim(reference) ? (1, 1) : (0, 1));

    /// <summary>Lines whose words between spaces are those of a reference: spacing aside, the whole sentence.</summary>
    /// <exception cref="InvalidDataException">As above.</exception>
    public static TranslationScore Sentences(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, bool lowercase = false) =>
        Share("sentence accuracy", hypotheses, references, lowercase, (hypothesis, reference) =>
            TextSegments.Words(hypothesis).AsSpan().SequenceEqual(TextSegments.Words(reference)) ? (1, 1) : (0, 1));

    /// <summary>
    /// Words that stand at the same place in hypothesis and reference, of as many as the longer one has. With several
    /// references, the best for each sentence.
    /// </summary>
    /// <exception cref="InvalidDataException">As above.</exception>
    public static TranslationScore Tokens(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, bool lowercase = false) =>
        Share("token accuracy", hypotheses, references, lowercase, (hypothesis, reference) =>
        {
            string[] own = TextSegments.Words(hypothesis);
            string[] other = TextSegments.Words(reference);
            return (own.Zip(other).Count(pair => pair.First == pair.Second), Math.Max(own.Length, other.Length));
        });

    private static TranslationScore Share(
        string name,
        IReadOnlyList<string> hypotheses,
        IReadOnlyList<IReadOnlyList<string>> references,
        bool lowercase,
        Func<string, string, (int Right, int Of)> compare)
    {
        ReferenceSets.Check(hypotheses, references);
        long right = 0;
        long all = 0;
        for (int i = 0; i < hypotheses.Count; i++)
        {
            (int Right, int Of) best = references.Select(set => compare(Fold(hypotheses[i]), Fold(set[i]))).MaxBy(share => share.Of == 0 ? 1 : (double)share.Right / share.Of);
            right += best.Right;
            all += best.Of;
        }

        return new TranslationScore { Name = lowercase ? $"lowercased {name}" : name, Value = all == 0 ? 100 : 100.0 * right / all };

        string Fold(string line) => lowercase ? line.ToLowerInvariant() : line;
    }
}
