using System.Runtime.InteropServices;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Training;

/// <summary>
/// Learns merges from counted words. Each pair knows its count and the words that may hold it; a merge touches only those.
/// The queue holds counts that may be out of date; an entry is checked when it comes up.
/// </summary>
internal sealed class PairMerger
{
    private readonly int[][] _words;
    private readonly int[] _lengths;
    private readonly long[] _counts;
    private readonly List<byte[]?> _tokens = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value })];
    private readonly Dictionary<(int Left, int Right), PairStatistics> _pairs = [];
    private readonly PriorityQueue<(int Left, int Right), Candidate> _queue;

    public PairMerger((byte[] Word, long Count)[] words)
    {
        _words = [.. words.Select(word => Array.ConvertAll(word.Word, value => (int)value))];
        _lengths = [.. _words.Select(word => word.Length)];
        _counts = [.. words.Select(word => word.Count)];
        _queue = new PriorityQueue<(int Left, int Right), Candidate>(Comparer<Candidate>.Create(Compare));
        for (int word = 0; word < _words.Length; word++)
            for (int i = 0; i + 1 < _lengths[word]; i++)
                Add((_words[word][i], _words[word][i + 1]), word, _counts[word]);
        foreach (((int Left, int Right) pair, PairStatistics statistics) in _pairs)
            _queue.Enqueue(pair, new Candidate(statistics.Count, pair));
    }

    private readonly record struct Candidate(long Count, (int Left, int Right) Pair);

    private sealed class PairStatistics
    {
        public long Count;
        public readonly List<int> Words = [];
    }

    /// <summary>Learns up to so many merges; fewer when every word is one token.</summary>
    public (List<byte[]?> Tokens, List<Merge> Merges) Learn(int merges, IProgress<TokenizerTrainingProgress>? progress)
    {
        List<Merge> learned = [];
        HashSet<(int, int)> changed = [];
        while (learned.Count < merges && _queue.TryDequeue(out (int Left, int Right) pair, out Candidate candidate))
        {
            PairStatistics statistics = _pairs[pair];
            if (statistics.Count != candidate.Count)
            {
                if (statistics.Count > 0)
                    _queue.Enqueue(pair, new Candidate(statistics.Count, pair));
                continue;
            }

            if (statistics.Count <= 0)
                break;
            int merged = _tokens.Count;
            _tokens.Add([.. _tokens[pair.Left]!, .. _tokens[pair.Right]!]);
            learned.Add(new Merge(pair.Left, pair.Right, merged));
            changed.Clear();
            foreach (int word in statistics.Words)
                Apply(word, pair, merged, changed);
            _pairs.Remove(pair);
            changed.Remove(pair);
            foreach ((int, int) other in changed)
            {
                if (_pairs.TryGetValue(other, out PairStatistics? grown) && grown.Count > 0)
                    _queue.Enqueue(other, new Candidate(grown.Count, other));
            }

            if (learned.Count % 1000 == 0)
                progress?.Report(new TokenizerTrainingProgress("merging pairs", learned.Count, merges));
        }

        return (_tokens, learned);
    }

    private void Apply(int word, (int Left, int Right) pair, int merged, HashSet<(int, int)> changed)
    {
        int[] symbols = _words[word];
        int length = _lengths[word];
        long count = _counts[word];
        int write = 0;
        for (int read = 0; read < length; read++)
        {
            if (read + 1 < length && symbols[read] == pair.Left && symbols[read + 1] == pair.Right)
            {
                if (write > 0)
                {
                    Remove((symbols[write - 1], pair.Left), count);
                    (int, int) before = (symbols[write - 1], merged);
                    Add(before, word, count);
                    changed.Add(before);
                }

                if (read + 2 < length)
                {
                    Remove((pair.Right, symbols[read + 2]), count);
                    // The right neighbour may be the start of the next occurrence, in which case that occurrence counts it.
                    (int, int) after = (merged, symbols[read + 2]);
                    Add(after, word, count);
                    changed.Add(after);
                }

                symbols[write++] = merged;
                read++;
            }
            else
            {
                symbols[write++] = symbols[read];
            }
        }

        _lengths[word] = write;
    }

    private void Add((int, int) pair, int word, long count)
    {
        ref PairStatistics? statistics = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, pair, out _);
        statistics ??= new PairStatistics();
        statistics.Count += count;
        if (statistics.Words.Count == 0 || statistics.Words[^1] != word)
            statistics.Words.Add(word);
    }

    private void Remove((int, int) pair, long count)
    {
        if (_pairs.TryGetValue(pair, out PairStatistics? statistics))
            statistics.Count -= count;
    }

    // Most frequent first; then the greater pair by the bytes of its tokens.
    private int Compare(Candidate a, Candidate b)
    {
        int order = b.Count.CompareTo(a.Count);
        if (order != 0)
            return order;
        order = _tokens[b.Pair.Left].AsSpan().SequenceCompareTo(_tokens[a.Pair.Left]);
        return order != 0 ? order : _tokens[b.Pair.Right].AsSpan().SequenceCompareTo(_tokens[a.Pair.Right]);
    }
}
