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
    private readonly MergedTokens _tokens;
    private readonly Dictionary<ulong, PairStatistics> _pairs = [];
    private readonly PriorityQueue<ulong, Candidate> _queue;

    /// <summary>Counts the pairs.</summary>
    /// <param name="words">Symbols of every word; they are changed.</param>
    /// <param name="counts">How often each word occurs.</param>
    /// <param name="tokens">The tokens, to which merges add.</param>
    public PairMerger(int[][] words, long[] counts, MergedTokens tokens)
    {
        _words = words;
        _lengths = [.. _words.Select(word => word.Length)];
        _counts = counts;
        _tokens = tokens;
        _queue = new PriorityQueue<ulong, Candidate>(Comparer<Candidate>.Create(Compare));
        for (int word = 0; word < _words.Length; word++)
            for (int i = 0; i + 1 < _lengths[word]; i++)
                Add(Key(_words[word][i], _words[word][i + 1]), word, _counts[word]);
        foreach ((ulong pair, PairStatistics statistics) in _pairs)
            _queue.Enqueue(pair, new Candidate(statistics.Count, pair));
    }

    private readonly record struct Candidate(long Count, ulong Pair);

    private sealed class PairStatistics
    {
        public long Count;
        public readonly List<int> Words = [];
    }

    /// <summary>Merges until there are so many tokens, or no pair is frequent enough.</summary>
    /// <param name="size">Tokens wanted, the first ones included.</param>
    /// <param name="minimumCount">Rarer pairs do not merge.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <returns>The merges in order.</returns>
    public List<Merge> Learn(int size, long minimumCount, IProgress<TokenizerTrainingProgress>? progress)
    {
        List<Merge> learned = [];
        HashSet<ulong> changed = [];
        int first = _tokens.Count;
        while (_tokens.Count < size && _queue.TryDequeue(out ulong pair, out Candidate candidate))
        {
            PairStatistics statistics = _pairs[pair];
            if (statistics.Count != candidate.Count)
            {
                if (statistics.Count > 0)
                    _queue.Enqueue(pair, new Candidate(statistics.Count, pair));
                continue;
            }

            if (statistics.Count < Math.Max(minimumCount, 1))
                break;
            (int left, int right) = Parts(pair);
            int merged = _tokens.Join(left, right);
            learned.Add(new Merge(left, right, merged));
            changed.Clear();
            foreach (int word in statistics.Words)
                Apply(word, left, right, merged, changed);
            _pairs.Remove(pair);
            changed.Remove(pair);
            foreach (ulong other in changed)
            {
                if (_pairs.TryGetValue(other, out PairStatistics? grown) && grown.Count > 0)
                    _queue.Enqueue(other, new Candidate(grown.Count, other));
            }

            if (learned.Count % 1000 == 0)
                progress?.Report(new TokenizerTrainingProgress("merging pairs", _tokens.Count - first, size - first));
        }

        return learned;
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private static (int Left, int Right) Parts(ulong pair) => ((int)(pair >> 32), (int)(uint)pair);

    private void Apply(int word, int left, int right, int merged, HashSet<ulong> changed)
    {
        int[] symbols = _words[word];
        int length = _lengths[word];
        long count = _counts[word];
        int write = 0;
        for (int read = 0; read < length; read++)
        {
            if (read + 1 < length && symbols[read] == left && symbols[read + 1] == right)
            {
                if (write > 0)
                {
                    Remove(Key(symbols[write - 1], left), count);
                    ulong before = Key(symbols[write - 1], merged);
                    Add(before, word, count);
                    changed.Add(before);
                }

                if (read + 2 < length)
                {
                    Remove(Key(right, symbols[read + 2]), count);
                    // The right neighbour may be the start of the next occurrence, in which case that occurrence counts it.
                    ulong after = Key(merged, symbols[read + 2]);
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

    private void Add(ulong pair, int word, long count)
    {
        ref PairStatistics? statistics = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, pair, out _);
        statistics ??= new PairStatistics();
        statistics.Count += count;
        if (statistics.Words.Count == 0 || statistics.Words[^1] != word)
            statistics.Words.Add(word);
    }

    private void Remove(ulong pair, long count)
    {
        if (_pairs.TryGetValue(pair, out PairStatistics? statistics))
            statistics.Count -= count;
    }

    // Most frequent first.
    private int Compare(Candidate a, Candidate b)
    {
        int order = b.Count.CompareTo(a.Count);
        return order != 0 ? order : _tokens.Compare(Parts(a.Pair), Parts(b.Pair));
    }
}
