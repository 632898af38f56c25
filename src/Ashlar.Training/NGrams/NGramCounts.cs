namespace Ashlar.Training.NGrams;

/// <summary>The n-grams of one order, sorted by context and last token.</summary>
/// <param name="Words">[nodes] last tokens; empty at order 1, where node i is token i.</param>
/// <param name="Counts">[nodes] occurrences.</param>
internal sealed record NGramCountTable(int[] Words, uint[] Counts);

/// <summary>How often every n-gram up to an order occurs: a trie in arrays.</summary>
public sealed class NGramCounts
{
    internal NGramCounts(int vocabularySize, IReadOnlyList<NGramCountTable> tables, IReadOnlyList<uint[]> starts, long tokens, long documents)
    {
        VocabularySize = vocabularySize;
        Tables = tables;
        Starts = starts;
        TokenCount = tokens;
        DocumentCount = documents;
    }

    /// <summary>Highest order counted.</summary>
    public int Order => Tables.Count;

    /// <summary>Token ids are below this.</summary>
    public int VocabularySize { get; }

    /// <summary>Tokens that were counted: all but those that are only context.</summary>
    public long TokenCount { get; }

    /// <summary>Documents, or sentences.</summary>
    public long DocumentCount { get; }

    /// <summary>Different n-grams of each order, from 1; order 1 counts the vocabulary.</summary>
    public IReadOnlyList<long> Sizes => [.. Tables.Select(table => (long)table.Counts.Length)];

    internal IReadOnlyList<NGramCountTable> Tables { get; }

    /// <summary>Starts[k][i]: where the (k+2)-grams begin whose context is the (k+1)-gram i.</summary>
    internal IReadOnlyList<uint[]> Starts { get; }

    /// <summary>Occurrences of an n-gram of 1 to <see cref="Order"/> tokens.</summary>
    public long Of(ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty || tokens.Length > Order || (uint)tokens[0] >= (uint)VocabularySize)
            return 0;
        int node = tokens[0];
        for (int k = 1; k < tokens.Length; k++)
        {
            int start = (int)Starts[k - 1][node], end = (int)Starts[k - 1][node + 1];
            node = Array.BinarySearch(Tables[k].Words, start, end - start, tokens[k]);
            if (node < 0)
                return 0;
        }

        return Tables[tokens.Length - 1].Counts[node];
    }
}
