using Ashlar.Inference.Models.NGrams;

namespace Ashlar.Training.Tests.NGrams;

/// <summary>
/// The textbook formulas over dictionaries, written for clarity: what the tables and the sparse evaluation are checked against.
/// </summary>
internal sealed class NaiveNGrams
{
    private readonly int _order;
    private readonly int _vocabulary;
    private readonly NGramEstimatorOptionsLike _options;
    private readonly Dictionary<string, long>[] _raw;
    private readonly Dictionary<string, long>[] _counts;
    private readonly double[][] _discounts;

    public NaiveNGrams(IReadOnlyList<int[]> documents, int vocabulary, int order, NGramEstimatorOptionsLike options)
    {
        (_order, _vocabulary, _options) = (order, vocabulary, options);
        _raw = [.. Enumerable.Range(0, order + 1).Select(_ => new Dictionary<string, long>())];
        foreach (int[] document in documents)
            for (int end = 0; end < document.Length; end++)
                if (end > 0 || document[end] != options.BeginId)
                    for (int n = 1; n <= Math.Min(order, end + 1); n++)
                        Bump(_raw[n], Key(document.AsSpan(end - n + 1, n)));
        _counts = _raw;
        bool kneserNey = options.Smoothing is NGramSmoothing.KneserNey or NGramSmoothing.ModifiedKneserNey;
        if (kneserNey)
        {
            _counts = [.. Enumerable.Range(0, order + 1).Select(_ => new Dictionary<string, long>())];
            _counts[order] = _raw[order];
            for (int n = 1; n < order; n++)
            {
                foreach (string longer in _raw[n + 1].Keys)
                    Bump(_counts[n], longer[(longer.IndexOf(' ') + 1)..]);
                foreach ((string key, long count) in _raw[n])
                    if (n > 1 && options.BeginId >= 0 && key.StartsWith($"{options.BeginId} ", StringComparison.Ordinal))
                        _counts[n][key] = count;
                    else if (!_counts[n].ContainsKey(key))
                        _counts[n][key] = 1;
            }
        }

        _discounts = [.. Enumerable.Range(0, order + 1).Select(n => kneserNey && n > 0 ? Discounts(_counts[n]) : [0.0, 0, 0])];
    }

    public double Probability(ReadOnlySpan<int> history, int word)
    {
        if (word == _options.BeginId && _options.BeginId != _options.EndId)
            return 0;
        int[] context = [.. history[Math.Max(0, history.Length - _order + 1)..]];
        double v = _vocabulary - (_options.BeginId >= 0 && _options.BeginId != _options.EndId ? 1 : 0);
        if (_options.Smoothing == NGramSmoothing.AddK)
        {
            (double all, _, _) = After(context);
            return (_counts[context.Length + 1].GetValueOrDefault(Key([.. context, word])) + _options.K) / (all + (_options.K * v));
        }

        return Interpolated(context, word, v);
    }

    private double Interpolated(int[] context, int word, double v)
    {
        (double total, int followers, double taken) = After(context);
        double Lower() => context.Length > 0 ? Interpolated(context[1..], word, v) : 1 / v;
        if (total == 0)
            return Lower();
        double count = _counts[context.Length + 1].GetValueOrDefault(Key([.. context, word]));
        return _options.Smoothing switch
        {
            NGramSmoothing.MaximumLikelihood => count / total,
            NGramSmoothing.WittenBell => (count + (followers * Lower())) / (total + followers),
            _ => ((count - Discount(context.Length + 1, count)) / total) + (taken / total * Lower()),
        };
    }

    private (double Total, int Followers, double Taken) After(int[] context)
    {
        int n = context.Length + 1;
        double total = 0, taken = 0;
        int followers = 0;
        for (int w = 0; w < _vocabulary; w++)
        {
            long count = _counts[n].GetValueOrDefault(Key([.. context, w]));
            total += count;
            taken += Discount(n, count);
            followers += count > 0 ? 1 : 0;
        }

        return (total, followers, taken);
    }

    private double Discount(int n, double count) => count == 0 ? 0 : _discounts[n][(int)Math.Min(count, 3) - 1];

    private double[] Discounts(Dictionary<string, long> counts)
    {
        double[] n = [.. Enumerable.Range(0, 5).Select(c => (double)counts.Values.Count(value => value == c))];
        if (n[1] == 0 || n[2] == 0)
            return [0.5, 0.5, 0.5];
        double y = n[1] / (n[1] + (2 * n[2]));
        if (_options.Smoothing == NGramSmoothing.KneserNey)
            return [y, y, y];
        double[] d = [1 - (2 * y * n[2] / n[1]), 2 - (3 * y * n[3] / n[2]), n[3] == 0 ? double.NaN : 3 - (4 * y * n[4] / n[3])];
        return [.. d.Select((value, i) => value >= 0 && value <= i + 1 ? value : y)];
    }

    private static void Bump(Dictionary<string, long> counts, string key) => counts[key] = counts.GetValueOrDefault(key) + 1;

    private static string Key(ReadOnlySpan<int> tokens) => string.Join(' ', tokens.ToArray());
}

internal sealed record NGramEstimatorOptionsLike(NGramSmoothing Smoothing, int BeginId, int EndId, double K);
