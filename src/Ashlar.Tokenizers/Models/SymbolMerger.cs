namespace Ashlar.Tokenizers.Models;

/// <summary>Replays merges on a word's symbols: the adjacent pair of lowest rank, leftmost first, until none is left.</summary>
internal static class SymbolMerger
{
    private const int LongWord = 512;

    /// <summary>Merges in place.</summary>
    /// <param name="symbols">Ids of the symbols, at least one.</param>
    /// <param name="pairs">Rank and result of every pair.</param>
    /// <returns>How many symbols are left, at the start.</returns>
    public static int Merge(Span<int> symbols, PairTable pairs)
    {
        if (symbols.Length > LongWord)
            return MergeLong(symbols, pairs);

        // A pair that may merge stands by its left symbol: its rank and what it becomes. Most words need two or three merges,
        // so that finding the lowest rank by looking at all is fastest.
        Span<int> ranks = stackalloc int[symbols.Length];
        Span<int> merged = stackalloc int[symbols.Length];
        for (int i = 1; i < symbols.Length; i++)
            ranks[i - 1] = pairs.Find(symbols[i - 1], symbols[i], out merged[i - 1]);
        int count = symbols.Length;
        while (count > 1)
        {
            int best = IndexOfLowest(ranks[..(count - 1)]);
            if (ranks[best] == PairTable.None)
                break;
            symbols[best] = merged[best];
            count--;
            symbols.Slice(best + 2, count - best - 1).CopyTo(symbols[(best + 1)..]);
            if (best + 1 < count)
            {
                ranks.Slice(best + 2, count - best - 2).CopyTo(ranks[(best + 1)..]);
                merged.Slice(best + 2, count - best - 2).CopyTo(merged[(best + 1)..]);
                ranks[best] = pairs.Find(symbols[best], symbols[best + 1], out merged[best]);
            }

            if (best > 0)
                ranks[best - 1] = pairs.Find(symbols[best - 1], symbols[best], out merged[best - 1]);
        }

        return count;
    }

    // The same in O(n log n): a linked list of symbols and a queue of candidates, where an outdated one is known by its rank.
    private static int MergeLong(Span<int> word, PairTable pairs)
    {
        int[] symbols = word.ToArray();
        int[] next = new int[symbols.Length];
        int[] previous = new int[symbols.Length];
        PriorityQueue<int, (int Rank, int At)> queue = new();
        for (int i = 0; i < symbols.Length; i++)
        {
            next[i] = i + 1 < symbols.Length ? i + 1 : -1;
            previous[i] = i - 1;
        }

        for (int i = 0; i + 1 < symbols.Length; i++)
            Offer(i);
        while (queue.TryDequeue(out int at, out (int Rank, int At) priority))
        {
            if (next[at] == Gone || next[at] < 0 || pairs.Find(symbols[at], symbols[next[at]], out int result) != priority.Rank)
                continue;
            int gone = next[at];
            symbols[at] = result;
            next[at] = next[gone];
            next[gone] = Gone;
            if (next[at] >= 0)
                previous[next[at]] = at;
            if (previous[at] >= 0)
                Offer(previous[at]);
            Offer(at);
        }

        int count = 0;
        for (int i = 0; i >= 0; i = next[i])
            word[count++] = symbols[i];
        return count;

        void Offer(int at)
        {
            if (next[at] < 0)
                return;
            int rank = pairs.Find(symbols[at], symbols[next[at]], out _);
            if (rank != PairTable.None)
                queue.Enqueue(at, (rank, at));
        }
    }

    private const int Gone = -2;

    private static int IndexOfLowest(ReadOnlySpan<int> ranks)
    {
        int best = 0;
        for (int i = 1; i < ranks.Length; i++)
        {
            if (ranks[i] < ranks[best])
                best = i;
        }

        return best;
    }
}
