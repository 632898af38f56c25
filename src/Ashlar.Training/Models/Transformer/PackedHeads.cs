using Ashlar.Kernels;
using Ashlar.Training.Models.Fused;
using Ashlar.Training.Native;

namespace Ashlar.Training.Models.Transformer;

/// <summary>Where the heads of one attention find their operands.</summary>
/// <param name="Query">Holds the queries, from <paramref name="QueryColumn"/> on, head after head.</param>
/// <param name="QueryColumn">Column of the first head's queries.</param>
/// <param name="Key">Holds keys and values.</param>
/// <param name="KeyColumn">Column of the first head's keys.</param>
/// <param name="ValueColumn">Column of the first head's values.</param>
/// <param name="Queries">The sentences that the queries belong to.</param>
/// <param name="Keys">Those that the keys belong to, one for each of the queries'.</param>
/// <param name="AllKeys">Whether a query sees all keys of its sentence, or only those up to its own position.</param>
internal readonly record struct HeadOperands(
    Activation Query, int QueryColumn, Activation Key, int KeyColumn, int ValueColumn, PackedSentences Queries, PackedSentences Keys, bool AllKeys);

/// <summary>Multi-head attention (Vaswani et al. 2017, section 3.2.2) over packed sentences: every head of every sentence by itself.</summary>
internal sealed unsafe class PackedHeads(int headCount, int headWidth, int index) : IDisposable
{
    private HeadMemory[] _memory = [];

    /// <summary>mixed = softmax(q kᵀ / sqrt(head width)) v.</summary>
    /// <param name="batch">Dropout.</param>
    /// <param name="operands">Queries, keys and values.</param>
    /// <param name="mixed">[query tokens, heads · head width]; written.</param>
    /// <param name="logSums">[heads, query tokens] fp32; written.</param>
    public void Forward(PackedBatch batch, HeadOperands operands, Activation mixed, Activation logSums)
    {
        Remember(operands);
        TorchParallel.For(operands.Queries.Lengths.Length * headCount, (part, begin, end) =>
        {
            HeadMemory memory = _memory[part];
            for (int i = begin; i < end; i++)
            {
                (int sentence, int head) = (i / headCount, i % headCount);
                int first = operands.Queries.Starts[sentence], count = operands.Queries.Lengths[sentence];
                AttentionHead layout = Layout(batch, operands, memory, sentence, head);
                (nint output, int stride) = memory.Place(3, mixed, first, head * headWidth);
                memory.Attention.Forward(layout, (float*)output, stride, LogSums(logSums, operands, head, first));
                memory.Store(3, mixed, first, head * headWidth, count);
            }
        });
    }

    /// <summary>The gradients of queries, keys and values, written to the same columns of other matrices.</summary>
    /// <param name="batch">As in the forward pass.</param>
    /// <param name="operands">As in the forward pass.</param>
    /// <param name="mixed">As the forward pass left it.</param>
    /// <param name="logSums">As the forward pass left them.</param>
    /// <param name="mixedGradient">Of mixed's shape.</param>
    /// <param name="queryGradient">Of the shape of the queries' matrix.</param>
    /// <param name="keyGradient">Of the shape of the keys' matrix.</param>
    public void Backward(
        PackedBatch batch, HeadOperands operands, Activation mixed, Activation logSums, Activation mixedGradient, Activation queryGradient, Activation keyGradient)
    {
        Remember(operands);
        TorchParallel.For(operands.Queries.Lengths.Length * headCount, (part, begin, end) =>
        {
            HeadMemory memory = _memory[part];
            for (int i = begin; i < end; i++)
            {
                (int sentence, int head) = (i / headCount, i % headCount);
                int first = operands.Queries.Starts[sentence], count = operands.Queries.Lengths[sentence];
                int firstKey = operands.Keys.Starts[sentence], keyCount = operands.Keys.Lengths[sentence];
                int column = head * headWidth;
                AttentionHead layout = Layout(batch, operands, memory, sentence, head);
                (nint output, int stride) = memory.Load(3, mixed, first, column, count);
                (nint upstream, _) = memory.Load(4, mixedGradient, first, column, count);
                (nint query, int queryStride) = memory.Place(5, queryGradient, first, operands.QueryColumn + column);
                memory.ClearKeyGradients(keyCount);
                memory.Attention.Backward(
                    layout, (float*)output, (float*)upstream, stride, LogSums(logSums, operands, head, first),
                    (float*)query, queryStride, memory.KeyGradient, memory.ValueGradient, headWidth);
                memory.Store(5, queryGradient, first, operands.QueryColumn + column, count);
                memory.StoreKeyGradients(keyGradient, firstKey, operands.KeyColumn + column, operands.ValueColumn + column, keyCount);
            }
        });
    }

    public void Dispose()
    {
        foreach (HeadMemory memory in _memory)
            memory.Dispose();
        _memory = [];
    }

    private AttentionHead Layout(PackedBatch batch, HeadOperands operands, HeadMemory memory, int sentence, int head)
    {
        int first = operands.Queries.Starts[sentence], count = operands.Queries.Lengths[sentence];
        int firstKey = operands.Keys.Starts[sentence], keyCount = operands.Keys.Lengths[sentence];
        int column = head * headWidth;
        (nint query, int queryStride) = memory.Load(0, operands.Query, first, operands.QueryColumn + column, count);
        (nint key, int keyStride) = memory.Load(1, operands.Key, firstKey, operands.KeyColumn + column, keyCount);
        (nint value, int valueStride) = memory.Load(2, operands.Key, firstKey, operands.ValueColumn + column, keyCount);
        return new AttentionHead
        {
            QueryCount = count,
            KeyCount = keyCount,
            AllKeys = operands.AllKeys,
            Query = (float*)query,
            Key = (float*)key,
            Value = (float*)value,
            QueryStride = queryStride,
            KeyStride = keyStride,
            ValueStride = valueStride,
            Scale = 1 / MathF.Sqrt(headWidth),
            Dropout = batch.AttentionDropout,
            DropoutSeed = DropoutSeeds.Of(batch.Seed, index, use: 2, (sentence * headCount) + head),
        };
    }

    private static float* LogSums(Activation logSums, HeadOperands operands, int head, int first) =>
        logSums.Float32 + ((long)head * operands.Queries.TokenCount) + first;

    // Rounded up, so that the lengths of most batches fit what is there. It stays the same from a forward to its backward pass.
    private void Remember(HeadOperands operands)
    {
        int length = Math.Max(operands.Queries.Longest, operands.Keys.Longest);
        if (_memory.Length >= TorchParallel.Parts && _memory[0].Length >= length)
            return;
        Dispose();
        int rounded = (length + 31) / 32 * 32;
        _memory = [.. Enumerable.Range(0, TorchParallel.Parts).Select(_ => new HeadMemory(rounded, headWidth))];
    }
}
