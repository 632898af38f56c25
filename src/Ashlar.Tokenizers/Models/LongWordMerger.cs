namespace Ashlar.Tokenizers.Models;

/// <summary>
/// The same merges as <see cref="BytePairModel"/> in O(n log n), for words of hundreds of bytes and more: a linked list of
/// symbols and a queue of candidate pairs, where an outdated candidate is recognised by its rank.
/// </summary>
internal static class LongWordMerger
{
    public static void Encode(ReadOnlySpan<byte> bytes, int[] byteIds, PairTable pairs, List<int> ids)
    {
        int[] symbols = new int[bytes.Length];
        int[] next = new int[bytes.Length];
        int[] previous = new int[bytes.Length];
        PriorityQueue<int, (int Rank, int At)> queue = new();
        for (int i = 0; i < bytes.Length; i++)
        {
            symbols[i] = byteIds[bytes[i]];
            next[i] = i + 1 < bytes.Length ? i + 1 : -1;
            previous[i] = i - 1;
        }

        for (int i = 0; i + 1 < bytes.Length; i++)
            Offer(i);
        while (queue.TryDequeue(out int at, out (int Rank, int At) priority))
        {
            if (symbols[at] < 0 || next[at] < 0 || pairs.Rank(symbols[at], symbols[next[at]]) != priority.Rank)
                continue;
            int gone = next[at];
            symbols[at] = pairs.Merged(priority.Rank);
            symbols[gone] = -1;
            next[at] = next[gone];
            if (next[at] >= 0)
                previous[next[at]] = at;
            if (previous[at] >= 0)
                Offer(previous[at]);
            Offer(at);
        }

        for (int i = 0; i >= 0; i = next[i])
            ids.Add(symbols[i]);

        void Offer(int at)
        {
            if (next[at] < 0)
                return;
            int rank = pairs.Rank(symbols[at], symbols[next[at]]);
            if (rank != PairTable.None)
                queue.Enqueue(at, (rank, at));
        }
    }
}
