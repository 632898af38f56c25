namespace Ashlar.Tokenizers.Models;

/// <summary>
/// The same merges as <see cref="BytePairModel"/> in O(n log n), for words of hundreds of bytes and more: a linked list of
/// symbols and a queue of candidate pairs, where an outdated candidate is recognised by its rank.
/// </summary>
internal static class LongWordMerger
{
    public static void Encode(ReadOnlySpan<byte> bytes, BytePairModel model, PairTable pairs, TokenBuffer ids)
    {
        int[] symbols = new int[bytes.Length];
        int[] next = new int[bytes.Length];
        int[] previous = new int[bytes.Length];
        PriorityQueue<int, (int Rank, int At)> queue = new();
        for (int i = 0; i < bytes.Length; i++)
        {
            symbols[i] = model.ByteId(bytes[i]);
            next[i] = i + 1 < bytes.Length ? i + 1 : -1;
            previous[i] = i - 1;
        }

        for (int i = 0; i + 1 < bytes.Length; i++)
            Offer(i);
        while (queue.TryDequeue(out int at, out (int Rank, int At) priority))
        {
            if (symbols[at] < 0 || next[at] < 0 || pairs.Find(symbols[at], symbols[next[at]], out _) != priority.Rank)
                continue;
            int gone = next[at];
            _ = pairs.Find(symbols[at], symbols[gone], out symbols[at]);
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
            int rank = pairs.Find(symbols[at], symbols[next[at]], out _);
            if (rank != PairTable.None)
                queue.Enqueue(at, (rank, at));
        }
    }
}
