namespace Ashlar.Training.NGrams;

/// <summary>
/// Merges the runs of one order over all blocks. A block numbers contexts by itself; since numbers rise in the same order
/// everywhere, replacing them by the merged ones leaves each run sorted, and merging reads every run once from front to back.
/// </summary>
internal sealed class RunMerger
{
    private readonly SortedRun[] _runs;
    private readonly uint[][] _contexts; // merged number of each context of a block; empty where they are the same (tokens)
    private readonly uint[][] _numbers; // the same for the n-grams at hand, for the next order
    private readonly uint[] _read;

    public RunMerger(SortedRun[] runs, uint[][] contexts)
    {
        _runs = runs;
        _contexts = contexts;
        _numbers = [.. runs.Select(run => new uint[run.Count])];
        _read = new uint[runs.Length];
    }

    /// <summary>The merged number of each n-gram of each block.</summary>
    public uint[][] Numbers => _numbers;

    /// <summary>Merges.</summary>
    /// <param name="contextCount">n-grams of the order below.</param>
    /// <param name="starts">[contextCount + 1] where the n-grams of each context begin.</param>
    public NGramCountTable Merge(int contextCount, out uint[] starts)
    {
        starts = new uint[contextCount + 1];
        int capacity = Math.Max(16, _runs.Max(run => checked((int)run.Count)));
        int[] words = new int[capacity];
        uint[] counts = new uint[capacity];
        int count = 0;
        PriorityQueue<int, ulong> waiting = new();
        for (int other = 0; other < _runs.Length; other++)
            if (TryNext(other, out ulong head))
                waiting.Enqueue(other, head);
        bool open = waiting.TryDequeue(out int run, out ulong key);
        while (open)
        {
            ulong merged = key;
            ulong sum = 0;
            do
            {
                sum += _runs[run].Current.Count;
                _numbers[run][_read[run] - 1] = (uint)count;
                open = TryNext(run, out key);
                // Often the same run goes on; only otherwise it waits in the queue.
                if (!open)
                    open = waiting.TryDequeue(out run, out key);
                else if (waiting.TryPeek(out _, out ulong least) && least < key)
                {
                    waiting.Enqueue(run, key);
                    waiting.TryDequeue(out run, out key);
                }
            }
            while (open && key == merged);

            if (count == words.Length)
            {
                int larger = (int)Math.Min((long)words.Length * 3 / 2, Array.MaxLength);
                Array.Resize(ref words, larger);
                Array.Resize(ref counts, larger);
            }

            words[count] = (int)(uint)merged;
            counts[count++] = checked((uint)sum);
            starts[(merged >> 32) + 1]++;
        }

        for (int i = 0; i < contextCount; i++)
            starts[i + 1] += starts[i];
        Array.Resize(ref words, count);
        Array.Resize(ref counts, count);
        return new NGramCountTable(words, counts);
    }

    private bool TryNext(int run, out ulong key)
    {
        key = 0;
        if (!_runs[run].MoveNext())
            return false;
        key = _runs[run].Current.Key;
        if (_contexts[run].Length > 0)
            key = ((ulong)_contexts[run][key >> 32] << 32) | (uint)key;
        _read[run]++;
        return true;
    }
}
