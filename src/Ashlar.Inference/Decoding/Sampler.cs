using Ashlar.Kernels;

namespace Ashlar.Inference.Decoding;

/// <summary>Chooses the next token from logits, as <see cref="SamplingOptions"/> says. One sampler serves one sequence.</summary>
public sealed class Sampler
{
    private readonly List<ILogitsProcessor> _processors = [];
    private readonly RandomSource? _random;
    private float[] _probabilities = [];
    private int[] _order = [];

    /// <summary>Builds the steps.</summary>
    /// <param name="options">What to apply.</param>
    /// <param name="promptLength">Tokens of the history that are the prompt, for the presence and frequency penalties.</param>
    /// <param name="random">The draws; null for <see cref="Xoshiro256"/> from the options' seed.</param>
    /// <param name="additional">Steps to apply before all others, such as a grammar.</param>
    /// <exception cref="InvalidDataException">An option is out of range.</exception>
    public Sampler(
        SamplingOptions options, int promptLength = 0, RandomSource? random = null, IEnumerable<ILogitsProcessor>? additional = null)
    {
        options.Validate();
        _processors.AddRange(additional ?? []);
        if (options.RepetitionPenalty != 1)
            _processors.Add(new RepetitionPenalty(options.RepetitionPenalty, options.RepetitionWindow == 0 ? int.MaxValue : options.RepetitionWindow));
        if (options.PresencePenalty != 0 || options.FrequencyPenalty != 0)
            _processors.Add(new PresencePenalty(options.PresencePenalty, options.FrequencyPenalty, promptLength));
        if (options.Temperature == 0)
            return;
        if (options.Temperature != 1)
            _processors.Add(new Temperature(options.Temperature));
        if (options.TopK > 0)
            _processors.Add(new TopKFilter(options.TopK));
        if (options.TopP < 1)
            _processors.Add(new TopPFilter(options.TopP));
        if (options.MinP > 0)
            _processors.Add(new MinPFilter(options.MinP));
        _random = random ?? new Xoshiro256(options.Seed ?? (ulong)Random.Shared.NextInt64());
    }

    /// <summary>Chooses a token.</summary>
    /// <param name="history">The sequence so far: prompt and generated tokens.</param>
    /// <param name="logits">[vocabulary]; changed.</param>
    /// <exception cref="InvalidDataException">No token has a finite probability: the model's logits are not numbers, or all is forbidden.</exception>
    public int Select(ReadOnlySpan<int> history, Span<float> logits)
    {
        foreach (ILogitsProcessor processor in _processors)
            processor.Apply(history, logits);
        int likeliest = Argmax.Of(logits);
        if (!float.IsFinite(logits[likeliest]))
            throw new InvalidDataException("no token has a finite probability; the model's weights are damaged, or every token was forbidden.");
        return _random is null ? likeliest : Draw(logits);
    }

    // Inversion of the cumulative distribution with the most likely tokens first, so that few are looked at.
    private int Draw(Span<float> logits)
    {
        if (_probabilities.Length != logits.Length)
            _probabilities = new float[logits.Length];
        logits.CopyTo(_probabilities);
        Softmax.Apply(_probabilities);
        double total = 0;
        int possible = 0;
        foreach (float probability in _probabilities)
        {
            total += probability;
            if (probability > 0)
                possible++;
        }

        double target = _random!.NextUnit() * total;
        int count = Math.Min(256, possible);
        while (true)
        {
            if (_order.Length != count)
                _order = new int[count];
            TopK.Indices(_probabilities, _order);
            double mass = 0;
            foreach (int token in _order)
            {
                mass += _probabilities[token];
                if (target < mass)
                    return token;
            }

            // Rounding can leave the target a hair above the last sum.
            if (count == possible)
                return _order[^1];
            count = (int)Math.Min(8L * count, possible);
        }
    }
}
