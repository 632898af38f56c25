using System.Runtime.CompilerServices;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.RecurrentTranslation;

/// <summary>The attention of a recurrent decoder: queries against what was computed once of each source.</summary>
internal sealed class SourceAttention
{
    private readonly bool _additive;
    private readonly Linear? _query;
    private readonly Linear? _memory;
    private readonly float[]? _score;
    private readonly int _keyWidth;
    private readonly int _memoryWidth;
    private readonly WorkingSpace _queries = new();

    private SourceAttention(bool additive, Linear? query, Linear? memory, float[]? score, int keyWidth, int memoryWidth) =>
        (_additive, _query, _memory, _score, _keyWidth, _memoryWidth) = (additive, query, memory, score, keyWidth, memoryWidth);

    public static SourceAttention? Load(RecurrentTranslationConfiguration c, TensorReader read)
    {
        const string Name = "decoder.attention.";
        switch (c.Attention)
        {
            case RecurrentAttention.None:
                return null;
            case RecurrentAttention.LuongDot:
                return new(false, null, null, null, c.MemoryWidth, c.MemoryWidth);
            case RecurrentAttention.LuongGeneral:
                Linear general = Linear.FromOutputRows(read, c.DecoderWidth, [(Name + "query.weight", null, c.MemoryWidth)]);
                return new(false, general, null, null, c.MemoryWidth, c.MemoryWidth);
            default:
                float[] score = new float[c.ScoreWidth];
                read(Name + "score.weight", score);
                return new(
                    true,
                    Linear.FromOutputRows(read, c.DecoderWidth, [(Name + "query.weight", null, c.ScoreWidth)]),
                    Linear.FromOutputRows(read, c.MemoryWidth, [(Name + "memory.weight", Name + "memory.bias", c.ScoreWidth)]),
                    score,
                    c.ScoreWidth,
                    c.MemoryWidth);
        }
    }

    /// <summary>What scores compare queries with: [tokens, keyWidth]; the memory itself, or K m + k.</summary>
    public float[] Keys(float[] memory, int tokens, WorkerPool pool)
    {
        if (_memory is null)
            return memory;
        float[] keys = new float[tokens * _keyWidth];
        _memory.Apply(memory, tokens, keys, pool);
        return keys;
    }

    /// <summary>The contexts of all rows.</summary>
    /// <param name="rows">[rows] states, whose sources are attended to.</param>
    /// <param name="hidden">[rows, decoder width]: the queries.</param>
    /// <param name="contexts">Receives [rows, memory width].</param>
    /// <param name="pool">Threads to share the work.</param>
    public void Apply(IReadOnlyList<RecurrentTranslationState> rows, float[] hidden, float[] contexts, WorkerPool pool)
    {
        float[] queries = hidden;
        if (_query is not null)
        {
            queries = _queries.Array(rows.Count * _keyWidth);
            _query.Apply(hidden, rows.Count, queries, pool);
        }

        pool.For(rows.Count, row => Attend(
            rows[row], queries.AsSpan(row * _keyWidth, _keyWidth), contexts.AsSpan(row * _memoryWidth, _memoryWidth)));
    }

    [SkipLocalsInit]
    private void Attend(RecurrentTranslationState state, ReadOnlySpan<float> query, Span<float> context)
    {
        RecurrentSource source = state.Source;
        int length = source.Length;
        ReadOnlySpan<float> keys = source.Keys.AsSpan(source.Start * _keyWidth, length * _keyWidth);
        Span<float> weights = length <= 512 ? stackalloc float[512] : new float[length];
        weights = weights[..length];
        if (_additive)
            Additive(query, keys, weights);
        else
            Attention.Scores(query, keys, 1, weights);
        Softmax.Apply(weights);
        context.Clear();
        Attention.Mix(weights, source.Memory.AsSpan(source.Start * _memoryWidth, length * _memoryWidth), context);
        if (state.KeepsAttention)
            weights.CopyTo(state.Weights);
    }

    // score = v . tanh(query + key)
    private void Additive(ReadOnlySpan<float> query, ReadOnlySpan<float> keys, Span<float> scores)
    {
        Span<float> sum = _keyWidth <= 2048 ? stackalloc float[_keyWidth] : new float[_keyWidth];
        for (int i = 0; i < scores.Length; i++)
        {
            keys.Slice(i * _keyWidth, _keyWidth).CopyTo(sum);
            Addition.Accumulate(sum, query);
            Tanh.Apply(sum);
            scores[i] = Dot.Product(sum, _score);
        }
    }
}
