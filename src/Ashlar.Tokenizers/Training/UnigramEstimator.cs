using System.Text;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Training;

/// <summary>
/// Estimates the probabilities of a unigram model by expectation and maximization over all ways to cut each word, and drops the
/// tokens whose loss the likelihood bears best (Kudo 2018, section 3.2; SentencePiece's Bayesian variant of the M-step). The trie is
/// built once: a dropped token stays in it and is passed over.
/// </summary>
internal sealed class UnigramEstimator
{
    // Enough parts for the cores of a workstation; a fixed number, so that sums are the same on every machine.
    private const int Parts = 8;

    private readonly string[] _texts;
    private readonly byte[][] _keys;
    private readonly bool[] _required;
    private readonly double[] _scores;
    private readonly bool[] _alive;
    private readonly ByteTrie _trie;
    private readonly byte[][] _words;
    private readonly long[] _counts;
    private readonly int _longest;

    /// <summary>Starts from a seed vocabulary.</summary>
    /// <param name="seeds">Tokens and their worth; those of one character are never dropped.</param>
    /// <param name="words">Words that the tokens can spell, and how often each occurs.</param>
    public UnigramEstimator(IReadOnlyList<(string Text, double Worth)> seeds, IReadOnlyList<KeyValuePair<string, long>> words)
    {
        _texts = [.. seeds.Select(seed => seed.Text)];
        _keys = [.. _texts.Select(Encoding.UTF8.GetBytes)];
        _required = [.. _texts.Select(text => Rune.GetRuneAt(text, 0).Utf16SequenceLength == text.Length)];
        double sum = Math.Log(seeds.Sum(seed => seed.Worth));
        _scores = [.. seeds.Select(seed => Math.Log(seed.Worth) - sum)];
        _alive = new bool[_texts.Length];
        Array.Fill(_alive, true);
        _trie = new ByteTrie(_keys.Select((key, id) => (key, id)));
        _words = [.. words.Select(word => Encoding.UTF8.GetBytes(word.Key))];
        _counts = [.. words.Select(word => word.Value)];
        _longest = Math.Max(_words.Length == 0 ? 0 : _words.Max(word => word.Length), _keys.Max(key => key.Length));
        Count = _texts.Length;
    }

    /// <summary>Tokens that are left.</summary>
    public int Count { get; private set; }

    /// <summary>Tokens that are left and the logarithms of their probabilities, the likeliest first.</summary>
    public IEnumerable<(string Text, double Score)> Tokens => Enumerable.Range(0, _texts.Length)
        .Where(id => _alive[id])
        .OrderByDescending(id => _scores[id])
        .ThenBy(id => _texts[id], StringComparer.Ordinal)
        .Select(id => (_texts[id], _scores[id]));

    /// <summary>One step of expectation and maximization.</summary>
    /// <returns>Logarithm of the likelihood of the text before the step, per word.</returns>
    public double Improve()
    {
        double[][] expected = new double[Parts][];
        double[] likelihoods = new double[Parts];
        Parallel.For(0, Parts, part => (expected[part], likelihoods[part]) = Expect(part));
        double[] total = Sum(expected);

        // A token that is expected less than half a time goes; one of a single character stays, however rare.
        double sum = 0;
        for (int id = 0; id < total.Length; id++)
        {
            if (!_alive[id])
                continue;
            if (total[id] < 0.5 && !_required[id])
            {
                _alive[id] = false;
                Count--;
                continue;
            }

            total[id] = Math.Max(total[id], 0.5);
            sum += total[id];
        }

        double logarithm = Digamma(sum);
        for (int id = 0; id < total.Length; id++)
        {
            if (_alive[id])
                _scores[id] = Digamma(total[id]) - logarithm;
        }

        return likelihoods.Sum() / Math.Max(1, _counts.Sum());
    }

    /// <summary>Drops the tokens that the text can best do without.</summary>
    /// <param name="size">Tokens to keep.</param>
    public void Prune(int size)
    {
        List<int>?[] alternatives = new List<int>?[_texts.Length];
        Parallel.For(0, _texts.Length, id =>
        {
            // How the token is spelled without itself. When that is likelier, no best path ever takes the token.
            if (_alive[id] && !_required[id] && BestPath(_keys[id], id, new Path(_keys[id].Length)) is { } path && path.Score <= _scores[id])
                alternatives[id] = path.Tokens;
        });
        double[][] frequencies = new double[Parts][];
        Parallel.For(0, Parts, part => frequencies[part] = Frequencies(part));
        double[] frequency = Sum(frequencies);

        double sum = frequency.Sum();
        double logarithm = Math.Log(sum);
        List<(int Id, double Loss)> candidates = [];
        int kept = 0;
        for (int id = 0; id < _texts.Length; id++)
        {
            if (!_alive[id])
                continue;
            if (_required[id])
            {
                kept++;
                continue;
            }

            if (alternatives[id] is not { } other || frequency[id] == 0)
            {
                _alive[id] = false;
                continue;
            }

            // If the token goes, its alternatives take its frequency over.
            double with = Math.Log(frequency[id]) - logarithm;
            double logarithmWithout = Math.Log(sum + (frequency[id] * (other.Count - 1)));
            double without = other.Sum(part => Math.Log(frequency[part] + frequency[id]) - logarithmWithout);
            candidates.Add((id, frequency[id] / sum * (with - without)));
        }

        foreach ((int id, _) in candidates.OrderByDescending(one => one.Loss).ThenBy(one => one.Id).Skip(Math.Max(0, size - kept)))
            _alive[id] = false;
        Count = _alive.Count(alive => alive);
    }

    private (double[] Expected, double Likelihood) Expect(int part)
    {
        double[] expected = new double[_texts.Length];
        double[] forward = new double[_longest + 1];
        double[] backward = new double[_longest + 1];
        double likelihood = 0;
        for (int w = part; w < _words.Length; w += Parts)
        {
            byte[] word = _words[w];
            Array.Fill(forward, double.NegativeInfinity, 0, word.Length + 1);
            Array.Fill(backward, double.NegativeInfinity, 0, word.Length + 1);
            forward[0] = 0;
            backward[word.Length] = 0;
            for (int start = 0; start < word.Length; start++)
            {
                if (double.IsNegativeInfinity(forward[start]))
                    continue;
                int node = ByteTrie.Root;
                for (int at = start; at < word.Length && _trie.Step(ref node, word[at], out int id); at++)
                {
                    if (id >= 0 && _alive[id])
                        forward[at + 1] = Add(forward[at + 1], forward[start] + _scores[id]);
                }
            }

            for (int start = word.Length - 1; start >= 0; start--)
            {
                int node = ByteTrie.Root;
                for (int at = start; at < word.Length && _trie.Step(ref node, word[at], out int id); at++)
                {
                    if (id >= 0 && _alive[id])
                        backward[start] = Add(backward[start], backward[at + 1] + _scores[id]);
                }
            }

            double whole = forward[word.Length];
            likelihood += _counts[w] * whole;
            for (int start = 0; start < word.Length; start++)
            {
                if (double.IsNegativeInfinity(forward[start]))
                    continue;
                int node = ByteTrie.Root;
                for (int at = start; at < word.Length && _trie.Step(ref node, word[at], out int id); at++)
                {
                    if (id >= 0 && _alive[id])
                        expected[id] += _counts[w] * Math.Exp(forward[start] + _scores[id] + backward[at + 1] - whole);
                }
            }
        }

        return (expected, likelihood);
    }

    private double[] Frequencies(int part)
    {
        double[] frequency = new double[_texts.Length];
        Path path = new(_longest);
        for (int w = part; w < _words.Length; w += Parts)
        {
            if (BestPath(_words[w], without: -1, path) is not { } best)
                continue;
            foreach (int id in best.Tokens)
                frequency[id] += _counts[w];
        }

        return frequency;
    }

    private sealed class Path(int length)
    {
        public readonly double[] Scores = new double[length + 1];
        public readonly int[] Starts = new int[length + 1];
        public readonly int[] Ids = new int[length + 1];
    }

    private (List<int> Tokens, double Score)? BestPath(byte[] word, int without, Path path)
    {
        Array.Fill(path.Scores, double.NegativeInfinity, 0, word.Length + 1);
        path.Scores[0] = 0;
        for (int start = 0; start < word.Length; start++)
        {
            if (double.IsNegativeInfinity(path.Scores[start]))
                continue;
            int node = ByteTrie.Root;
            for (int at = start; at < word.Length && _trie.Step(ref node, word[at], out int id); at++)
            {
                if (id < 0 || !_alive[id] || id == without || !(path.Scores[start] + _scores[id] > path.Scores[at + 1]))
                    continue;
                path.Scores[at + 1] = path.Scores[start] + _scores[id];
                path.Starts[at + 1] = start;
                path.Ids[at + 1] = id;
            }
        }

        if (double.IsNegativeInfinity(path.Scores[word.Length]))
            return null;
        List<int> tokens = [];
        for (int end = word.Length; end > 0; end = path.Starts[end])
            tokens.Add(path.Ids[end]);
        return (tokens, path.Scores[word.Length]);
    }

    private static double[] Sum(double[][] parts)
    {
        double[] total = parts[0];
        foreach (double[] part in parts.Skip(1))
        {
            for (int i = 0; i < total.Length; i++)
                total[i] += part[i];
        }

        return total;
    }

    // log(exp(a) + exp(b)).
    private static double Add(double a, double b)
    {
        (double high, double low) = a > b ? (a, b) : (b, a);
        return double.IsNegativeInfinity(low) ? high : high + Math.Log(1 + Math.Exp(low - high));
    }

    /// <summary>Derivative of the logarithm of the gamma function: recurrence, then the asymptotic series.</summary>
    internal static double Digamma(double x)
    {
        double result = 0;
        for (; x < 7; x++)
            result -= 1 / x;
        x -= 0.5;
        double square = 1 / (x * x);
        return result + Math.Log(x) + (square * ((1.0 / 24) + (square * ((-7.0 / 960) + (square * ((31.0 / 8064) + (square * (-127.0 / 30720))))))));
    }
}
