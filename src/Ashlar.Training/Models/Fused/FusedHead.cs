using Ashlar.Kernels;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>
/// The last norm, if there is one, the projection to the vocabulary and the loss. Only supervised tokens go through it, some at a time, and each
/// logit is turned into its gradient where it lies: the whole table of logits and its copies never exist.
/// </summary>
internal sealed unsafe class FusedHead : IDisposable
{
    // Logits held at once: few enough to stay in the cache, enough rows for the products to run at full rate.
    private const int LogitsAtOnce = 1 << 22;
    private const int MinimumRows = 256;

    private readonly FusedNorm? _norm;
    private readonly FusedLinear _projection;
    private readonly ColumnSums? _biasGradient;
    private readonly int _width;
    private readonly int _vocabularySize;
    private readonly Activation _normed;
    private readonly Activation _normedGradient;
    private readonly Activation _logits;

    public FusedHead(ParameterStore store, Tensor products, FusedNorm? norm, string weight, int width, int vocabularySize, string? bias = null)
    {
        _norm = norm;
        _width = width;
        _vocabularySize = vocabularySize;
        _projection = new FusedLinear(store, products, weight, bias, width, vocabularySize);
        _biasGradient = bias is null ? null : new ColumnSums(_projection.BiasGradient, vocabularySize);
        _normed = new Activation(products.dtype);
        _normedGradient = new Activation(products.dtype);
        _logits = new Activation(products.dtype);
    }

    /// <summary>The share of the target distribution that is spread over the whole vocabulary.</summary>
    public float LabelSmoothing { get; set; }

    /// <summary>Added to the logits and not trained, [vocabulary]; null for none.</summary>
    public float* FixedBias { get; set; }

    /// <summary>
    /// The sum of the losses; and, when a gradient is wanted, that of the hidden states is written and those of the parameters are
    /// added.
    /// </summary>
    /// <param name="hidden">[tokens, width] fp32.</param>
    /// <param name="targets">[tokens]; negative ones are not supervised.</param>
    /// <param name="gradient">[tokens, width] fp32, or null.</param>
    public double Loss(Activation hidden, ReadOnlySpan<long> targets, Activation? gradient)
    {
        (int[] tokens, int[] expected) = Supervised(targets);
        int width = _width;
        gradient?.Tensor.zero_();
        if (tokens.Length == 0)
            return 0;
        _normed.Resize(tokens.Length, width);
        TorchParallel.For(tokens.Length, (_, begin, end) =>
        {
            Span<float> scratch = _normed.IsFloat32 ? default : new float[width];
            for (int row = begin; row < end; row++)
            {
                Span<float> normed = _normed.Write(row, 0, width, scratch);
                ReadOnlySpan<float> state = hidden.Read(tokens[row], 0, width, default);
                if (_norm is null)
                    state.CopyTo(normed);
                else
                    _norm.Forward(state, normed);
                _normed.Commit(row, 0, normed);
            }
        });

        double loss = 0;
        if (gradient is not null)
            _normedGradient.Resize(tokens.Length, width);
        int atOnce = Math.Max(MinimumRows, LogitsAtOnce / _vocabularySize);
        for (int start = 0; start < tokens.Length; start += atOnce)
        {
            int count = Math.Min(atOnce, tokens.Length - start);
            using Tensor rows = _normed.Tensor.narrow(0, start, count);
            _projection.Forward(rows, _logits.Resize(count, _vocabularySize).Tensor);
            loss += Differentiate(expected.AsMemory(start, count), wanted: gradient is not null);
            if (gradient is null)
                continue;
            using Tensor rowGradients = _normedGradient.Tensor.narrow(0, start, count);
            _projection.Backward(rows, _logits.Tensor, rowGradients);
        }

        if (gradient is not null)
        {
            TorchParallel.For(tokens.Length, (part, begin, end) =>
            {
                Span<float> scratch = _normed.IsFloat32 ? default : new float[width];
                for (int row = begin; row < end; row++)
                {
                    ReadOnlySpan<float> normed = _normedGradient.Read(row, 0, width, scratch);
                    Span<float> state = gradient.Change(tokens[row], 0, width, default);
                    if (_norm is null)
                        normed.CopyTo(state);
                    else
                        _norm.Backward(part, hidden.Read(tokens[row], 0, width, default), normed, state);
                }
            });
            _norm?.Finish();
            _biasGradient?.Finish();
        }

        return loss;
    }

    public void Dispose()
    {
        _normed.Dispose();
        _normedGradient.Dispose();
        _logits.Dispose();
    }

    private double Differentiate(ReadOnlyMemory<int> expected, bool wanted)
    {
        double[] losses = new double[TorchParallel.Parts];
        TorchParallel.For(expected.Length, (part, begin, end) =>
        {
            Span<float> scratch = _logits.IsFloat32 ? default : new float[_vocabularySize];
            for (int row = begin; row < end; row++)
            {
                Span<float> logits = _logits.Change(row, 0, _vocabularySize, scratch);
                _projection.AddBias(logits);
                if (FixedBias != null)
                    Addition.Accumulate(logits, new ReadOnlySpan<float>(FixedBias, _vocabularySize));
                losses[part] += CrossEntropy.Differentiate(logits, expected.Span[row], LabelSmoothing);
                if (!wanted)
                    continue;
                _biasGradient?.Add(part, logits);
                _logits.Commit(row, 0, logits);
            }
        });
        return losses.Sum();
    }

    private (int[] Tokens, int[] Targets) Supervised(ReadOnlySpan<long> targets)
    {
        List<int> tokens = [], expected = [];
        for (int token = 0; token < targets.Length; token++)
        {
            if (targets[token] == CausalLanguageModel.IgnoredTarget)
                continue;
            if ((ulong)targets[token] >= (ulong)_vocabularySize)
                throw new ArgumentException($"Target {targets[token]} is not below {_vocabularySize}.");
            tokens.Add(token);
            expected.Add((int)targets[token]);
        }

        return ([.. tokens], [.. expected]);
    }
}
