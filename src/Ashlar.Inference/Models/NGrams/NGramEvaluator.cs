using System.Collections.Concurrent;

namespace Ashlar.Inference.Models.NGrams;

/// <summary>
/// The distribution after a context, from counts:
/// p(w | h) = (c(hw) - D) / denominator(h) + left(h) p(w | h'), down to the uniform distribution. The lowest order is kept as
/// logarithms, so that a step costs one addition for each token of the vocabulary and a logarithm only for those that were seen
/// after some context.
/// </summary>
internal sealed class NGramEvaluator
{
    /// <summary>The context was not seen.</summary>
    public const uint None = uint.MaxValue;

    private readonly NGramFile _file;
    private readonly ContextShares _shares;
    private readonly ConcurrentBag<Scratch> _scratches = [];
    private readonly double[] _unigram;
    private readonly float[] _logUnigram;

    public NGramEvaluator(NGramFile file)
    {
        _file = file;
        _shares = new ContextShares(file);
        Uniform = 1.0 / file.Header.PredictedCount;
        Root = file.Header.Smoothing == NGramSmoothing.BackOff ? default : _shares.OfRoot();
        _unigram = new double[file.Header.VocabularySize];
        for (int token = 0; token < _unigram.Length; token++)
            _unigram[token] = token == file.Header.Excluded ? 0 : Unigram(token);
        _logUnigram = Array.ConvertAll(_unigram, p => (float)Math.Log(p));
    }

    /// <summary>1 / V.</summary>
    public double Uniform { get; }

    /// <summary>The share of the empty context.</summary>
    public ContextShare Root { get; }

    /// <summary>Logits after a context: logarithms of probabilities.</summary>
    /// <param name="contexts">[known context tokens] nodes of the last token, the last two, ...; <see cref="None"/> where unseen.</param>
    /// <param name="logits">[vocabulary]</param>
    public void Logits(ReadOnlySpan<uint> contexts, Span<float> logits)
    {
        Scratch scratch = Rent();
        (double scale, double? constant) = Collect(contexts, scratch);
        if (constant is { } value)
        {
            logits.Fill((float)Math.Log(value));
            if (_file.Header.Excluded >= 0)
                logits[_file.Header.Excluded] = float.NegativeInfinity;
        }
        else
        {
            float log = (float)Math.Log(scale);
            for (int i = 0; i < logits.Length; i++)
                logits[i] = _logUnigram[i] + log;
        }

        foreach (int token in scratch.Touched)
            logits[token] = (float)Math.Log(scratch.Values[token]);
        _scratches.Add(scratch);
    }

    /// <summary>Probabilities after a context, in double precision.</summary>
    public void Probabilities(ReadOnlySpan<uint> contexts, Span<double> probabilities)
    {
        Scratch scratch = Rent();
        (double scale, double? constant) = Collect(contexts, scratch);
        for (int i = 0; i < probabilities.Length; i++)
            probabilities[i] = constant is { } value ? (i == _file.Header.Excluded ? 0 : value) : _unigram[i] * scale;
        foreach (int token in scratch.Touched)
            probabilities[token] = scratch.Values[token];
        _scratches.Add(scratch);
    }

    /// <summary>The probability of one token, and where it comes from.</summary>
    /// <param name="contexts">As for <see cref="Logits"/>.</param>
    /// <param name="token">The token.</param>
    /// <param name="visit">Told each order from 1 up; null to skip that.</param>
    public double Probability(ReadOnlySpan<uint> contexts, int token, Action<BackoffStep>? visit = null)
    {
        NGramHeader header = _file.Header;
        if (header.Smoothing == NGramSmoothing.AddK)
            return AddK(contexts, token, visit);
        double probability = _unigram[token];
        bool counted = header.Smoothing != NGramSmoothing.BackOff;
        uint rootCount = counted ? _file.Levels[0].Count((uint)token) : 0;
        visit?.Invoke(new BackoffStep(1, [])
        {
            Seen = true,
            Total = Root.Total,
            Followers = Root.Followers,
            Count = rootCount,
            Found = counted ? rootCount > 0 : probability > 0,
            Discount = header.Discount(1, rootCount),
            Own = counted ? Own(1, rootCount, Root) : probability,
            Weight = Root.Left,
            Probability = probability,
        });
        for (int order = 2; order <= contexts.Length + 1; order++)
        {
            if (!TryChildren(contexts, order, out uint start, out uint end))
            {
                visit?.Invoke(new BackoffStep(order, []) { Weight = 1, Probability = probability });
                continue;
            }

            uint node = contexts[order - 2];
            bool found = _file.Levels[order - 1].TryFind(start, end, token, out uint child);
            if (!counted)
            {
                double weight = Math.Pow(10, _file.Levels[order - 2].Backoff(node));
                probability = found ? Math.Pow(10, _file.Levels[order - 1].Probability(child)) : weight * probability;
                visit?.Invoke(new BackoffStep(order, []) { Seen = true, Followers = (int)(end - start), Found = found, Own = found ? probability : 0, Weight = weight, Probability = probability });
                continue;
            }

            ContextShare share = _shares.Of(order, node, start, end);
            uint count = found ? _file.Levels[order - 1].Count(child) : 0;
            double own = Own(order, count, share);
            probability = own + (share.Left * probability);
            visit?.Invoke(new BackoffStep(order, [])
            {
                Seen = true,
                Total = share.Total,
                Followers = share.Followers,
                Count = count,
                Found = found,
                Discount = header.Discount(order, count),
                Own = own,
                Weight = share.Left,
                Probability = probability,
            });
        }

        return probability;
    }

    /// <summary>What a context leaves to the next lower order; 1 for a context without followers.</summary>
    public double Left(int order, uint node)
    {
        (uint start, uint end) = _file.Levels[order - 2].Children(node);
        return start == end ? 1 : _shares.Of(order, node, start, end).Left;
    }

    /// <summary>What the context alone gives a count.</summary>
    public double Own(int order, uint count, ContextShare share) =>
        share.Denominator > 0 ? (count - _file.Header.Discount(order, count)) / share.Denominator : 0;

    /// <summary>The share of a context that has followers.</summary>
    public ContextShare Share(int order, uint node, uint start, uint end) => _shares.Of(order, node, start, end);

    /// <summary>Probability of a token without context.</summary>
    public double UnigramProbability(int token) => _unigram[token];

    // The children of the context of an order; false if it was never followed by anything.
    private bool TryChildren(ReadOnlySpan<uint> contexts, int order, out uint start, out uint end)
    {
        (start, end) = (0, 0);
        uint node = contexts[order - 2];
        if (node == None)
            return false;
        (start, end) = _file.Levels[order - 2].Children(node);
        // A back-off file may give a weight to a context without followers; it counts like any other.
        return start < end || _file.Header.Smoothing == NGramSmoothing.BackOff;
    }

    private double Unigram(int token)
    {
        if (_file.Header.Smoothing == NGramSmoothing.BackOff)
            return Math.Pow(10, _file.Levels[0].Probability((uint)token));
        uint count = _file.Levels[0].Count((uint)token);
        return _file.Header.Smoothing switch
        {
            NGramSmoothing.AddK => (count + _file.Header.K) / (Root.Total + (_file.Header.K / Uniform)),
            NGramSmoothing.MaximumLikelihood => Root.Total > 0 ? count / (double)Root.Total : Uniform,
            _ => Own(1, count, Root) + (Root.Left * Uniform),
        };
    }

    private double AddK(ReadOnlySpan<uint> contexts, int token, Action<BackoffStep>? visit)
    {
        int order = contexts.Length + 1;
        double k = _file.Header.K;
        long total = Root.Total;
        int followers = Root.Followers;
        uint count = 0;
        bool seen = true;
        if (order == 1)
        {
            count = _file.Levels[0].Count((uint)token);
        }
        else if (TryChildren(contexts, order, out uint start, out uint end))
        {
            ContextShare share = _shares.Of(order, contexts[order - 2], start, end);
            (total, followers) = (share.Total, share.Followers);
            if (_file.Levels[order - 1].TryFind(start, end, token, out uint child))
                count = _file.Levels[order - 1].Count(child);
        }
        else
        {
            (total, followers, seen) = (0, 0, false);
        }

        double denominator = total + (k / Uniform);
        double probability = token == _file.Header.Excluded ? 0 : (count + k) / denominator;
        visit?.Invoke(new BackoffStep(order, [])
        {
            Seen = seen,
            Total = total,
            Followers = followers,
            Count = count,
            Found = count > 0,
            Discount = -k,
            Own = probability,
            Probability = probability,
        });
        return probability;
    }

    // Probabilities of the tokens seen after some context, and for all others a factor on the lowest order or a constant.
    private (double Scale, double? Constant) Collect(ReadOnlySpan<uint> contexts, Scratch scratch) => _file.Header.Smoothing switch
    {
        NGramSmoothing.AddK => CollectAddK(contexts, scratch),
        NGramSmoothing.BackOff => CollectBackOff(contexts, scratch),
        _ => CollectInterpolated(contexts, scratch),
    };

    private (double Scale, double? Constant) CollectInterpolated(ReadOnlySpan<uint> contexts, Scratch scratch)
    {
        double scale = 1; // of the order at hand, from the longest context down
        for (int order = contexts.Length + 1; order >= 2; order--)
        {
            if (!TryChildren(contexts, order, out uint start, out uint end))
                continue;
            NGramLevel level = _file.Levels[order - 1];
            ContextShare share = _shares.Of(order, contexts[order - 2], start, end);
            for (uint child = start; child < end && scale > 0; child++)
                scratch.Add(level.Word(child), scale * Own(order, level.Count(child), share));
            scale *= share.Left;
        }

        foreach (int token in scratch.Touched)
            scratch.Values[token] += scale * _unigram[token];
        return (scale, null);
    }

    private (double Scale, double? Constant) CollectBackOff(ReadOnlySpan<uint> contexts, Scratch scratch)
    {
        double scale = 1;
        for (int order = contexts.Length + 1; order >= 2; order--)
        {
            if (!TryChildren(contexts, order, out uint start, out uint end))
                continue;
            NGramLevel level = _file.Levels[order - 1];
            for (uint child = start; child < end; child++)
                scratch.AddFirst(level.Word(child), scale * Math.Pow(10, level.Probability(child)));
            scale *= Math.Pow(10, _file.Levels[order - 2].Backoff(contexts[order - 2]));
        }

        return (scale, null);
    }

    private (double Scale, double? Constant) CollectAddK(ReadOnlySpan<uint> contexts, Scratch scratch)
    {
        if (contexts.Length == 0)
            return (1, null);
        int order = contexts.Length + 1;
        if (!TryChildren(contexts, order, out uint start, out uint end))
            return (0, Uniform);
        NGramLevel level = _file.Levels[order - 1];
        double k = _file.Header.K;
        double denominator = _shares.Of(order, contexts[order - 2], start, end).Total + (k / Uniform);
        for (uint child = start; child < end; child++)
            scratch.Add(level.Word(child), (level.Count(child) + k) / denominator);
        return (0, k / denominator);
    }

    private Scratch Rent()
    {
        Scratch scratch = _scratches.TryTake(out Scratch? free) ? free : new Scratch(_file.Header.VocabularySize);
        scratch.Clear();
        return scratch;
    }

    /// <summary>A sparse vector over the vocabulary.</summary>
    private sealed class Scratch(int size)
    {
        private readonly bool[] _touched = new bool[size];

        public double[] Values { get; } = new double[size];

        public List<int> Touched { get; } = [];

        public void Clear()
        {
            foreach (int token in Touched)
                _touched[token] = false;
            Touched.Clear();
        }

        public void Add(int token, double value)
        {
            if (_touched[token])
                Values[token] += value;
            else
                AddFirst(token, value);
        }

        public void AddFirst(int token, double value)
        {
            if (_touched[token])
                return;
            _touched[token] = true;
            Values[token] = value;
            Touched.Add(token);
        }
    }
}
