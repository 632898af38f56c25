namespace Ashlar.Training.NGrams;

/// <summary>
/// Kneser-Ney's counts of the lower orders: by how many different tokens an n-gram is preceded (Kneser and Ney 1995). N-grams that
/// begin with the beginning of a sentence can have nothing before them and keep their occurrences.
/// </summary>
internal static class ContinuationCounts
{
    /// <summary>[order - 1][nodes]; the highest order has its occurrences.</summary>
    /// <param name="counts">Occurrences.</param>
    /// <param name="beginId">The token before a sentence, or -1.</param>
    public static uint[][] Of(NGramCounts counts, int beginId)
    {
        uint[][] result = new uint[counts.Order][];
        result[^1] = counts.Tables[^1].Counts;
        uint[] suffixes = []; // of each n-gram of the order at hand, the number of the one without its first token
        for (int order = 2; order <= counts.Order; order++)
        {
            uint[] lower = new uint[counts.Tables[order - 2].Counts.Length];
            suffixes = Suffixes(counts, order, suffixes);
            foreach (uint suffix in suffixes)
                lower[suffix]++;
            uint[] occurrences = counts.Tables[order - 2].Counts;
            (int from, int to) = order > 2 && beginId >= 0 ? Subtree(counts, beginId, order - 1) : (0, 0);
            for (int i = 0; i < lower.Length; i++)
            {
                if (i >= from && i < to)
                    lower[i] = occurrences[i];
                else if (occurrences[i] == 0)
                    lower[i] = 0;
                else if (lower[i] == 0)
                    lower[i] = 1; // only at the very beginning of a text without sentences: that is one place to follow
            }

            result[order - 2] = lower;
        }

        return result;
    }

    /// <summary>The number of each n-gram's suffix in the order below: a child of its context's suffix.</summary>
    public static uint[] Suffixes(NGramCounts counts, int order, uint[] lowerSuffixes)
    {
        NGramCountTable table = counts.Tables[order - 1];
        if (order == 2)
            return Array.ConvertAll(table.Words, word => (uint)word);
        uint[] starts = counts.Starts[order - 2], lowerStarts = counts.Starts[order - 3];
        int[] lowerWords = counts.Tables[order - 2].Words;
        uint[] suffixes = new uint[table.Words.Length];
        Parallel.For(0, 2, half =>
        {
            int middle = lowerSuffixes.Length / 2;
            (int from, int to) = half == 0 ? (0, middle) : (middle, lowerSuffixes.Length);
            for (int context = from; context < to; context++)
            {
                int at = (int)lowerStarts[lowerSuffixes[context]], end = (int)lowerStarts[lowerSuffixes[context] + 1];
                for (uint i = starts[context]; i < starts[context + 1]; i++)
                {
                    int found = Array.BinarySearch(lowerWords, at, end - at, table.Words[i]);
                    suffixes[i] = (uint)found;
                    at = found + 1; // the children of a context are sorted, so the next one lies behind
                }
            }
        });
        return suffixes;
    }

    // The n-grams of an order that begin with a token lie together.
    private static (int From, int To) Subtree(NGramCounts counts, int token, int order)
    {
        (uint from, uint to) = ((uint)token, (uint)token + 1);
        for (int k = 2; k <= order; k++)
            (from, to) = (counts.Starts[k - 2][from], counts.Starts[k - 2][to]);
        return ((int)from, (int)to);
    }
}
