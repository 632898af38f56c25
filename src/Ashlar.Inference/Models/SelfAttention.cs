using System.Buffers;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models;

/// <summary>
/// Causal self-attention over key-value caches: fused projection, normalised query and key heads (Qwen3), rotary positions,
/// grouped heads, output projection.
/// </summary>
internal sealed class SelfAttention(
    DecoderConfiguration configuration, int layer, Linear queryKeyValue, Norm? queryNorm, Norm? keyNorm, Linear output)
{
    private readonly int _headCount = configuration.HeadCount;
    private readonly int _keyValueHeadCount = configuration.KeyValueHeadCount;
    private readonly int _headWidth = configuration.HeadWidth;
    private readonly bool _rotary = !configuration.LearnedPositions;
    private readonly float _scale = 1 / MathF.Sqrt(configuration.HeadWidth);

    private int QueryWidth => _headCount * _headWidth;

    private int KeyValueWidth => _keyValueHeadCount * _headWidth;

    private int FusedWidth => QueryWidth + 2 * KeyValueWidth;

    public static SelfAttention Gpt2(DecoderConfiguration c, int layer, TensorReader read)
    {
        string name = $"transformer.h.{layer}.attn.";
        return new(
            c,
            layer,
            Linear.FromInputRows(read, name + "c_attn", c.Width, 3 * c.Width),
            queryNorm: null,
            keyNorm: null,
            Linear.FromInputRows(read, name + "c_proj", c.Width, c.Width));
    }

    public static SelfAttention Llama(DecoderConfiguration c, int layer, TensorReader read)
    {
        string name = $"model.layers.{layer}.self_attn.";
        int queryWidth = c.HeadCount * c.HeadWidth;
        int keyValueWidth = c.KeyValueHeadCount * c.HeadWidth;
        Norm? HeadNorm(string part) =>
            c.QueryKeyNorm ? Norm.RootMeanSquare(read, name + part, c.HeadWidth, c.NormEpsilon) : null;
        return new(
            c,
            layer,
            Linear.FromOutputRows(read, c.Width, [Part("q_proj", queryWidth), Part("k_proj", keyValueWidth), Part("v_proj", keyValueWidth)]),
            HeadNorm("q_norm"),
            HeadNorm("k_norm"),
            Linear.FromOutputRows(read, queryWidth, [(name + "o_proj.weight", null, c.Width)]));

        (string, string?, int) Part(string part, int width) =>
            (name + part + ".weight", c.QueryKeyValueBias ? name + part + ".bias" : null, width);
    }

    /// <summary>
    /// Appends the rows' keys and values to their caches and attends. Observed: <c>query-key-value</c> [rows, fused] before
    /// norms and rotation, <c>attention</c> [rows, heads * headWidth] before the output projection.
    /// </summary>
    /// <param name="rows">The rows' caches (already extended), positions and angles.</param>
    /// <param name="input">[rows, width], normalised.</param>
    /// <param name="result">Receives [rows, width].</param>
    /// <param name="pool">Threads to share the work.</param>
    /// <param name="observer">Sees the values between.</param>
    public void Apply(DecoderRows rows, ReadOnlySpan<float> input, Span<float> result, WorkerPool pool, ActivationObserver? observer)
    {
        int count = rows.Count;
        float[] fused = ArrayPool<float>.Shared.Rent(count * FusedWidth);
        float[] mixed = ArrayPool<float>.Shared.Rent(count * QueryWidth);
        queryKeyValue.Apply(input, count, fused, pool);
        observer?.Invoke(layer, "query-key-value", fused.AsSpan(0, count * FusedWidth));
        for (int row = 0; row < count; row++)
            Remember(rows, row, fused.AsSpan(row * FusedWidth, FusedWidth));
        int group = _headCount / _keyValueHeadCount;
        pool.For(count * _keyValueHeadCount, item =>
        {
            (int row, int source) = Math.DivRem(item, _keyValueHeadCount);
            int start = source * group * _headWidth;
            Attend(
                rows.Cache(row),
                rows.Position(row) + 1,
                source,
                fused.AsSpan(row * FusedWidth + start, group * _headWidth),
                mixed.AsSpan(row * QueryWidth + start, group * _headWidth));
        });
        observer?.Invoke(layer, "attention", mixed.AsSpan(0, count * QueryWidth));
        output.Apply(mixed, count, result, pool);
        ArrayPool<float>.Shared.Return(fused);
        ArrayPool<float>.Shared.Return(mixed);
    }

    // Finishes one row's queries in place, and puts its keys and values where later rows will find them.
    private void Remember(DecoderRows rows, int row, Span<float> fused)
    {
        Span<float> queries = fused[..QueryWidth];
        Span<float> keys = fused.Slice(QueryWidth, KeyValueWidth);
        ReadOnlySpan<float> values = fused[(QueryWidth + KeyValueWidth)..];
        queryNorm?.Apply(queries, queries);
        keyNorm?.Apply(keys, keys);
        if (_rotary)
        {
            int half = _headWidth / 2;
            ReadOnlySpan<float> cosines = rows.Cosines.AsSpan(row * half, half), sines = rows.Sines.AsSpan(row * half, half);
            for (int head = 0; head < _headCount; head++)
                Rope.Apply(queries.Slice(head * _headWidth, _headWidth), cosines, sines);
            for (int head = 0; head < _keyValueHeadCount; head++)
                Rope.Apply(keys.Slice(head * _headWidth, _headWidth), cosines, sines);
        }

        KeyValueCache cache = rows.Cache(row);
        for (int head = 0; head < _keyValueHeadCount; head++)
        {
            keys.Slice(head * _headWidth, _headWidth).CopyTo(cache.Key(layer, head, rows.Position(row)));
            values.Slice(head * _headWidth, _headWidth).CopyTo(cache.Value(layer, head, rows.Position(row)));
        }
    }

    // The query heads [group, headWidth] that share one key-value head, over the first positions of a cache.
    private void Attend(KeyValueCache cache, int length, int source, ReadOnlySpan<float> queries, Span<float> result)
    {
        float[] scores = ArrayPool<float>.Shared.Rent(length);
        for (int at = 0; at < queries.Length; at += _headWidth)
        {
            ReadOnlySpan<float> query = queries.Slice(at, _headWidth);
            Span<float> mixed = result.Slice(at, _headWidth);
            for (int start = 0; start < length; start += KeyValueCache.PageLength)
            {
                int held = Math.Min(KeyValueCache.PageLength, length - start);
                ReadOnlySpan<float> keys = cache.Keys(layer, source, start / KeyValueCache.PageLength);
                Attention.Scores(query, keys, _scale, scores.AsSpan(start, held));
            }

            Softmax.Apply(scores.AsSpan(0, length));
            mixed.Clear();
            for (int start = 0; start < length; start += KeyValueCache.PageLength)
            {
                int held = Math.Min(KeyValueCache.PageLength, length - start);
                ReadOnlySpan<float> values = cache.Values(layer, source, start / KeyValueCache.PageLength);
                Attention.Mix(scores.AsSpan(start, held), values, mixed);
            }
        }

        ArrayPool<float>.Shared.Return(scores);
    }
}
