using System.Runtime.InteropServices;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;
using Ashlar.Training.Native;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>The attention of one block: projections, biases, query and key norms, rotary positions, and the heads themselves.</summary>
internal sealed unsafe class FusedAttention : IDisposable
{
    private readonly DecoderConfiguration _configuration;
    private readonly FusedBuffers _buffers;
    private readonly FusedLinear _projection;
    private readonly FusedNorm? _queryNorm;
    private readonly FusedNorm? _keyNorm;
    private readonly ColumnSums? _bias;
    private readonly double[]? _frequencies;
    private readonly int _layer;
    private readonly int _dropoutUse;
    private readonly int _queryWidth;
    private readonly int _keyWidth;
    private HeadMemory[] _memory = [];

    public FusedAttention(DecoderConfiguration configuration, ParameterStore store, Tensor products, int layer, FusedBuffers buffers, int dropoutUse)
    {
        (_configuration, _buffers, _layer, _dropoutUse) = (configuration, buffers, layer, dropoutUse);
        _queryWidth = configuration.HeadCount * configuration.HeadWidth;
        _keyWidth = configuration.KeyValueHeadCount * configuration.HeadWidth;
        int width = _queryWidth + (2 * _keyWidth);
        bool gpt2 = configuration.Architecture == DecoderArchitecture.Gpt2;
        string name = gpt2 ? $"transformer.h.{layer}.attn.c_attn" : $"model.layers.{layer}.self_attn.q_proj";
        bool biased = gpt2 || configuration.QueryKeyValueBias;
        _projection = new FusedLinear(store, products, name + ".weight", biased ? name + ".bias" : null, configuration.Width, width);
        _bias = biased ? new ColumnSums(_projection.BiasGradient, width) : null;
        if (gpt2)
            return;
        _frequencies = Rope.Frequencies(configuration.HeadWidth, configuration.RopeTheta);
        if (configuration.RopeScaling is { } scaling)
            Rope.ScaleLlama3(_frequencies, scaling.Factor, scaling.LowFrequencyFactor, scaling.HighFrequencyFactor, scaling.OriginalContextLength);
        if (configuration.QueryKeyNorm)
        {
            string block = $"model.layers.{layer}.self_attn.";
            _queryNorm = new FusedNorm(store, block + "q_norm.weight", null, configuration.HeadWidth, configuration.NormEpsilon);
            _keyNorm = new FusedNorm(store, block + "k_norm.weight", null, configuration.HeadWidth, configuration.NormEpsilon);
        }
    }

    public void Forward(FusedBatch batch, BlockActivations kept)
    {
        _projection.Forward(kept.AttentionInput.Tensor, kept.Projected.Tensor);
        Prepare(batch, kept);
        Heads(batch, kept, backward: false, null, null);
    }

    /// <summary>From the gradient of the mixed heads to that of the attention's input.</summary>
    public void Backward(FusedBatch batch, BlockActivations kept, Activation mixedGradient, Activation inputGradient)
    {
        Activation gradient = _buffers.ProjectedGradient.Resize(batch.TokenCount, kept.Projected.Columns);
        Heads(batch, kept, backward: true, mixedGradient, gradient);
        PrepareGradient(batch, kept, gradient);
        _projection.Backward(kept.AttentionInput.Tensor, gradient.Tensor, inputGradient.Tensor);
    }

    public void Dispose()
    {
        foreach (HeadMemory memory in _memory)
            memory.Dispose();
    }

    // Adds biases, and norms and turns queries and keys.
    private void Prepare(FusedBatch batch, BlockActivations kept)
    {
        if (_bias is null && _frequencies is null)
            return;
        Activation projected = kept.Projected;
        int headWidth = _configuration.HeadWidth;
        TorchParallel.For(batch.TokenCount, (_, begin, end) =>
        {
            Span<float> scratch = projected.IsFloat32 ? default : new float[projected.Columns];
            Span<float> normedScratch = projected.IsFloat32 ? default : new float[_queryWidth + _keyWidth];
            Angles angles = new(_frequencies);
            for (int row = begin; row < end; row++)
            {
                Span<float> values = projected.Change(row, 0, projected.Columns, scratch);
                _projection.AddBias(values);
                Span<float> turned = values;
                if (_queryNorm is not null)
                {
                    turned = kept.Normed.Write(row, 0, _queryWidth + _keyWidth, normedScratch);
                    for (int at = 0; at < turned.Length; at += headWidth)
                        (at < _queryWidth ? _queryNorm : _keyNorm!).Forward(values.Slice(at, headWidth), turned.Slice(at, headWidth));
                }

                if (_frequencies is not null)
                {
                    angles.Set(batch.Positions[row]);
                    for (int at = 0; at < _queryWidth + _keyWidth; at += headWidth)
                        Rope.Apply(turned.Slice(at, headWidth), angles.Cosines, angles.Sines);
                }

                if (_queryNorm is not null)
                    kept.Normed.Commit(row, 0, turned);
                if (_queryNorm is null || _bias is not null)
                    projected.Commit(row, 0, values);
            }
        });
    }

    private void PrepareGradient(FusedBatch batch, BlockActivations kept, Activation gradient)
    {
        if (_bias is null && _frequencies is null)
            return;
        int headWidth = _configuration.HeadWidth;
        TorchParallel.For(batch.TokenCount, (part, begin, end) =>
        {
            Span<float> scratch = gradient.IsFloat32 ? default : new float[gradient.Columns];
            Span<float> inputScratch = new float[headWidth], normGradient = new float[headWidth];
            Angles angles = new(_frequencies);
            for (int row = begin; row < end; row++)
            {
                Span<float> values = gradient.Change(row, 0, gradient.Columns, scratch);
                if (_frequencies is not null)
                {
                    // A rotation's gradient is the rotation back.
                    angles.Set(-batch.Positions[row]);
                    for (int at = 0; at < _queryWidth + _keyWidth; at += headWidth)
                        Rope.Apply(values.Slice(at, headWidth), angles.Cosines, angles.Sines);
                }

                if (_queryNorm is not null)
                {
                    for (int at = 0; at < _queryWidth + _keyWidth; at += headWidth)
                    {
                        normGradient.Clear();
                        (at < _queryWidth ? _queryNorm : _keyNorm!).Backward(
                            part, kept.Projected.Read(row, at, headWidth, inputScratch), values.Slice(at, headWidth), normGradient);
                        normGradient.CopyTo(values.Slice(at, headWidth));
                    }
                }

                _bias?.Add(part, values);
                gradient.Commit(row, 0, values);
            }
        });
        _bias?.Finish();
        _queryNorm?.Finish();
        _keyNorm?.Finish();
    }

    private void Heads(FusedBatch batch, BlockActivations kept, bool backward, Activation? mixedGradient, Activation? gradient)
    {
        DecoderConfiguration c = _configuration;
        int group = c.HeadCount / c.KeyValueHeadCount;
        Remember(batch.Length);

        // Query heads that share a key head go to the same thread, which adds their gradients of it.
        TorchParallel.For(batch.Rows * c.KeyValueHeadCount, (part, begin, end) =>
        {
            HeadMemory memory = _memory[part];
            for (int i = begin; i < end; i++)
            {
                (int row, int keyHead) = (i / c.KeyValueHeadCount, i % c.KeyValueHeadCount);
                if (backward)
                    memory.ClearKeyGradients(batch.Length);
                for (int head = keyHead * group; head < (keyHead + 1) * group; head++)
                    Head(batch, kept, memory, row, head, keyHead, mixedGradient, gradient);
                if (backward)
                    memory.StoreKeyGradients(gradient!, row * batch.Length, _queryWidth + (keyHead * c.HeadWidth), _queryWidth + _keyWidth + (keyHead * c.HeadWidth), batch.Length);
            }
        });
    }

    private void Head(
        FusedBatch batch, BlockActivations kept, HeadMemory memory, int row, int head, int keyHead, Activation? mixedGradient, Activation? gradient)
    {
        int width = _configuration.HeadWidth, first = row * batch.Length;
        Activation turned = _queryNorm is null ? kept.Projected : kept.Normed;
        (nint query, int queryStride) = memory.Load(0, turned, first, head * width, batch.Length);
        (nint key, int keyStride) = memory.Load(1, turned, first, _queryWidth + (keyHead * width), batch.Length);
        (nint value, int valueStride) = memory.Load(2, kept.Projected, first, _queryWidth + _keyWidth + (keyHead * width), batch.Length);
        float* logSums = kept.LogSums.Float32 + ((long)head * batch.TokenCount) + first;
        fixed (int* firstKeys = batch.FirstKeys)
        {
            AttentionHead layout = new()
            {
                Query = (float*)query,
                Key = (float*)key,
                Value = (float*)value,
                QueryStride = queryStride,
                KeyStride = keyStride,
                ValueStride = valueStride,
                Scale = 1 / MathF.Sqrt(width),
                FirstKeys = firstKeys == null ? null : firstKeys + first,
                Dropout = batch.Dropout,
                DropoutSeed = batch.SeedOf(_layer, _dropoutUse, (row * _configuration.HeadCount) + head),
            };
            if (mixedGradient is null)
            {
                (nint output, int stride) = memory.Place(3, kept.Mixed, first, head * width);
                memory.Attention.Forward(layout, (float*)output, stride, logSums);
                memory.Store(3, kept.Mixed, first, head * width, batch.Length);
                return;
            }

            (nint result, int resultStride) = memory.Load(3, kept.Mixed, first, head * width, batch.Length);
            (nint upstream, _) = memory.Load(4, mixedGradient, first, head * width, batch.Length);
            (nint queryGradient, int queryGradientStride) = memory.Place(5, gradient!, first, head * width);
            memory.Attention.Backward(
                layout, (float*)result, (float*)upstream, resultStride, logSums,
                (float*)queryGradient, queryGradientStride, memory.KeyGradient, memory.ValueGradient, width);
            memory.Store(5, gradient!, first, head * width, batch.Length);
        }
    }

    private void Remember(int length)
    {
        if (_memory.Length >= TorchParallel.Parts && _memory[0].Length == length)
            return;
        Dispose();
        _memory = [.. Enumerable.Range(0, TorchParallel.Parts).Select(_ => new HeadMemory(length, _configuration.HeadWidth))];
    }

    private sealed class Angles(double[]? frequencies)
    {
        private readonly float[] _values = new float[2 * (frequencies?.Length ?? 0)];
        private int? _position;

        public ReadOnlySpan<float> Cosines => _values.AsSpan(0, _values.Length / 2);

        public ReadOnlySpan<float> Sines => _values.AsSpan(_values.Length / 2);

        public void Set(int position)
        {
            if (position == _position)
                return;
            _position = position;
            Rope.Angles(frequencies, position, _values.AsSpan(0, _values.Length / 2), _values.AsSpan(_values.Length / 2));
        }
    }
}
