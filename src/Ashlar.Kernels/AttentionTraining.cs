using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>
/// Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1) of one head over one sequence, causal or of every query to
/// every key, and its gradient. The weights are never all in memory: they are made for a block of queries at a time, and again in
/// the backward pass from the logarithm of each row's sum (Dao et al., "FlashAttention", 2022). An instance holds the working
/// memory of one thread.
/// </summary>
public sealed unsafe class AttentionTraining : IDisposable
{
    private const int Panel = PackedMatrix.PanelWidth;
    private const int QueryBlock = 32;

    private readonly int _length;
    private readonly int _width;
    private readonly int _paddedLength;
    private readonly int _paddedWidth;
    private readonly float* _memory;
    private readonly float* _keyColumns;   // kᵀ in panels of 32 keys: [length / 32][width][32]
    private readonly float* _valueRows;    // v in panels of 32 components: [width / 32][length][32]
    private readonly float* _valueColumns; // vᵀ, as _keyColumns
    private readonly float* _keyRows;      // k, as _valueRows
    private readonly float* _blockRows;    // q or the output's gradient of one block, in panels of 32 components
    private readonly float* _weights;      // [32, length]
    private readonly float* _gradients;    // [32, length]
    private readonly float* _output;       // [32, width]
    private readonly float* _keyGradient;  // [length, width]
    private readonly float* _valueGradient;

    /// <summary>Working memory for sequences of at most this length and heads of this width.</summary>
    public AttentionTraining(int length, int width)
    {
        _length = length;
        _width = width;
        _paddedLength = Padded(length);
        _paddedWidth = Padded(width);
        long columns = (long)_paddedLength * width, rows = (long)_paddedWidth * _paddedLength;
        long block = (long)QueryBlock * _paddedWidth, scores = (long)QueryBlock * _paddedLength;
        long total = 2 * columns + 2 * rows + 2 * block + 2 * scores + 2 * rows;
        _memory = (float*)NativeMemory.AlignedAlloc((nuint)(total * sizeof(float)), 64);
        NativeMemory.Clear(_memory, (nuint)(total * sizeof(float)));
        _keyColumns = _memory;
        _valueColumns = _keyColumns + columns;
        _keyRows = _valueColumns + columns;
        _valueRows = _keyRows + rows;
        _keyGradient = _valueRows + rows;
        _valueGradient = _keyGradient + rows;
        _blockRows = _valueGradient + rows;
        _output = _blockRows + block;
        _weights = _output + block;
        _gradients = _weights + scores;
    }

    /// <summary>
    /// output = dropout(softmax(q kᵀ scale)) v, where query i sees the keys from firstKeys[i] (0 without them) to i, or all keys.
    /// </summary>
    /// <param name="head">Where query, key and value lie.</param>
    /// <param name="output">[length, width], rows as far apart as outputStride.</param>
    /// <param name="outputStride">Distance between the output's rows.</param>
    /// <param name="logSums">[length]: the logarithm of each row's sum of exp(score), for the backward pass.</param>
    public void Forward(in AttentionHead head, float* output, int outputStride, float* logSums)
    {
        (int queries, int keys) = Counts(head);
        PackColumns(head.Key, head.KeyStride, keys, _keyColumns);
        PackRows(head.Value, head.ValueStride, keys, _paddedLength, _valueRows);
        for (int start = 0; start < queries; start += QueryBlock)
        {
            int count = Math.Min(QueryBlock, queries - start);
            (int from, int to) = VisibleKeys(head, start, count, keys);
            Scores(head.Query + (long)start * head.QueryStride, head.QueryStride, count, from, to, _keyColumns, _weights);
            for (int row = 0; row < count; row++)
            {
                int query = start + row;
                Span<float> weights = new(_weights + (long)row * _paddedLength + from, to - from);
                Hide(weights, head.FirstKey(query) - from, (head.AllKeys ? keys : query + 1) - from);
                logSums[query] = Exponentials(weights, head.Scale);
                if (head.Dropout > 0)
                    Dropout.Apply(weights, head.Dropout, head.DropoutSeed, (uint)(query * _paddedLength + from));
            }

            new Span<float>(_output, count * _paddedWidth).Clear();
            for (int column = 0; column < _paddedWidth; column += Panel)
                Multiply(_weights + from, count, _paddedLength, 1, _valueRows + (long)column * _paddedLength + (long)from * Panel, to - from, _output + column, _paddedWidth);
            for (int row = 0; row < count; row++)
                new ReadOnlySpan<float>(_output + (long)row * _paddedWidth, _width).CopyTo(new Span<float>(output + (long)(start + row) * outputStride, _width));
        }
    }

    /// <summary>
    /// The gradients of query, key and value. That of the query is written; those of key and value are added, since heads may share
    /// them.
    /// </summary>
    /// <param name="head">As in the forward pass.</param>
    /// <param name="output">As the forward pass left it.</param>
    /// <param name="outputGradient">[length, width].</param>
    /// <param name="outputStride">Distance between the rows of output and outputGradient.</param>
    /// <param name="logSums">As the forward pass left them.</param>
    /// <param name="queryGradient">[length, width]; written.</param>
    /// <param name="queryStride">Distance between its rows.</param>
    /// <param name="keyGradient">[length, width]; added to.</param>
    /// <param name="valueGradient">[length, width]; added to.</param>
    /// <param name="keyStride">Distance between the rows of keyGradient and valueGradient.</param>
    public void Backward(
        in AttentionHead head,
        float* output,
        float* outputGradient,
        int outputStride,
        float* logSums,
        float* queryGradient,
        int queryStride,
        float* keyGradient,
        float* valueGradient,
        int keyStride)
    {
        (int queryCount, int keyCount) = Counts(head);
        PackColumns(head.Key, head.KeyStride, keyCount, _keyColumns);
        PackColumns(head.Value, head.ValueStride, keyCount, _valueColumns);
        PackRows(head.Key, head.KeyStride, keyCount, _paddedLength, _keyRows);
        new Span<float>(_keyGradient, Padded(keyCount) * _paddedWidth).Clear();
        new Span<float>(_valueGradient, Padded(keyCount) * _paddedWidth).Clear();
        for (int start = 0; start < queryCount; start += QueryBlock)
        {
            int count = Math.Min(QueryBlock, queryCount - start);
            (int from, int to) = VisibleKeys(head, start, count, keyCount);
            float* upstream = outputGradient + (long)start * outputStride;
            float* queries = head.Query + (long)start * head.QueryStride;
            Scores(queries, head.QueryStride, count, from, to, _keyColumns, _weights);
            Scores(upstream, outputStride, count, from, to, _valueColumns, _gradients);
            for (int row = 0; row < count; row++)
            {
                int query = start + row;
                Span<float> weights = new(_weights + (long)row * _paddedLength + from, to - from);
                Span<float> gradients = new(_gradients + (long)row * _paddedLength + from, to - from);
                Hide(weights, head.FirstKey(query) - from, (head.AllKeys ? keyCount : query + 1) - from);
                uint index = (uint)(query * _paddedLength + from);
                if (head.Dropout > 0)
                    Dropout.Apply(gradients, head.Dropout, head.DropoutSeed, index);
                float inner = Dot.Product(
                    new ReadOnlySpan<float>(output + (long)query * outputStride, _width), new ReadOnlySpan<float>(upstream + (long)row * outputStride, _width));
                ScoreGradients(weights, gradients, head.Scale, logSums[query], inner);
                if (head.Dropout > 0)
                    Dropout.Apply(weights, head.Dropout, head.DropoutSeed, index);
            }

            // value += weightsᵀ · outputGradient; key += scoreGradientsᵀ · query; query = scoreGradients · key.
            PackRows(upstream, outputStride, count, QueryBlock, _blockRows);
            for (int column = 0; column < _paddedWidth; column += Panel)
                Multiply(_weights + from, to - from, 1, _paddedLength, _blockRows + column * QueryBlock, count, _valueGradient + (long)from * _paddedWidth + column, _paddedWidth);
            PackRows(queries, head.QueryStride, count, QueryBlock, _blockRows);
            for (int column = 0; column < _paddedWidth; column += Panel)
                Multiply(_gradients + from, to - from, 1, _paddedLength, _blockRows + column * QueryBlock, count, _keyGradient + (long)from * _paddedWidth + column, _paddedWidth);
            new Span<float>(_output, count * _paddedWidth).Clear();
            for (int column = 0; column < _paddedWidth; column += Panel)
                Multiply(_gradients + from, count, _paddedLength, 1, _keyRows + (long)column * _paddedLength + (long)from * Panel, to - from, _output + column, _paddedWidth);
            for (int row = 0; row < count; row++)
                new ReadOnlySpan<float>(_output + (long)row * _paddedWidth, _width).CopyTo(new Span<float>(queryGradient + (long)(start + row) * queryStride, _width));
        }

        for (int row = 0; row < keyCount; row++)
        {
            Addition.Accumulate(new Span<float>(keyGradient + (long)row * keyStride, _width), new ReadOnlySpan<float>(_keyGradient + (long)row * _paddedWidth, _width));
            Addition.Accumulate(new Span<float>(valueGradient + (long)row * keyStride, _width), new ReadOnlySpan<float>(_valueGradient + (long)row * _paddedWidth, _width));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the working memory.</summary>
    ~AttentionTraining() => NativeMemory.AlignedFree(_memory);

    private static int Padded(int size) => (size + Panel - 1) / Panel * Panel;

    private (int Queries, int Keys) Counts(in AttentionHead head)
    {
        int queries = head.QueryCount > 0 ? head.QueryCount : _length, keys = head.KeyCount > 0 ? head.KeyCount : queries;
        if (queries > _length || keys > _length || (!head.AllKeys && keys != queries))
            throw new ArgumentException($"{queries} queries and {keys} keys; expected at most {_length} of each, and equally many in causal attention.", nameof(head));
        return (queries, keys);
    }

    // The panels of keys that any query of the block sees; to is a multiple of the panel's width, and so is from.
    private static (int From, int To) VisibleKeys(in AttentionHead head, int start, int count, int keys)
    {
        if (head.AllKeys)
            return (0, Padded(keys));
        int first = int.MaxValue;
        for (int query = start; query < start + count; query++)
            first = Math.Min(first, head.FirstKey(query));
        return (first / Panel * Panel, Padded(start + count));
    }

    // scores[count, from..to] = rows · columns, where columns are the keys' or values' panels.
    private void Scores(float* rows, int stride, int count, int from, int to, float* columns, float* scores)
    {
        for (int row = 0; row < count; row++)
            new Span<float>(scores + (long)row * _paddedLength + from, to - from).Clear();
        for (int key = from; key < to; key += Panel)
            Multiply(rows, count, stride, 1, columns + (long)key * _width, _width, scores + key, _paddedLength);
    }

    // c[rows, 32] += a · panel.
    private static void Multiply(float* a, int rows, int stride, int depthStride, float* panel, int depth, float* c, int width)
    {
        for (int row = 0; row < rows;)
        {
            int taken = GemmTile.RowsFor(rows - row);
            GemmTile.Accumulate(taken, a + (long)row * stride, stride, depthStride, panel, depth, c + (long)row * width, width);
            row += taken;
        }
    }

    private static void Hide(Span<float> scores, int first, int end)
    {
        scores[..Math.Max(0, first)].Fill(float.NegativeInfinity);
        scores[end..].Fill(float.NegativeInfinity);
    }

    private void PackColumns(float* source, int stride, int count, float* panels)
    {
        for (int row = 0; row < count; row++)
        {
            float* target = panels + (long)(row / Panel) * _width * Panel + row % Panel;
            float* values = source + (long)row * stride;
            for (int i = 0; i < _width; i++)
                target[i * Panel] = values[i];
        }
    }

    private void PackRows(float* source, int stride, int count, int capacity, float* panels)
    {
        for (int column = 0; column < _width; column += Panel)
        {
            int width = Math.Min(Panel, _width - column);
            float* panel = panels + (long)column * capacity;
            for (int row = 0; row < count; row++)
                new ReadOnlySpan<float>(source + (long)row * stride + column, width).CopyTo(new Span<float>(panel + row * Panel, width));
        }
    }

    // weights = softmax(weights · scale), in place; returns the logarithm of the sum. The length is a multiple of 32.
    private static float Exponentials(Span<float> weights, float scale)
    {
        if (Vector512.IsHardwareAccelerated)
            return Exponentials<Lanes512>(weights, scale);
        if (Vector256.IsHardwareAccelerated)
            return Exponentials<Lanes256>(weights, scale);
        if (Vector128.IsHardwareAccelerated)
            return Exponentials<Lanes128>(weights, scale);
        float largest = float.NegativeInfinity, sum = 0;
        foreach (float weight in weights)
            largest = MathF.Max(largest, weight * scale);
        for (int i = 0; i < weights.Length; i++)
            sum += weights[i] = MathF.Exp(weights[i] * scale - largest);
        for (int i = 0; i < weights.Length; i++)
            weights[i] /= sum;
        return largest + MathF.Log(sum);
    }

    private static float Exponentials<TLanes>(Span<float> weights, float scale)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float w = ref MemoryMarshal.GetReference(weights);
        float largest = Softmax.Largest<TLanes>(weights) * scale;
        TLanes scales = TLanes.Broadcast(scale), shift = TLanes.Broadcast(-largest), sums = TLanes.Zero;
        for (int i = 0; i < weights.Length; i += TLanes.Count)
        {
            TLanes power = TLanes.Exp(TLanes.MultiplyAdd(TLanes.Load(ref Unsafe.Add(ref w, i)), scales, shift));
            sums = TLanes.Add(sums, power);
            TLanes.Store(power, ref Unsafe.Add(ref w, i));
        }

        float sum = TLanes.Sum(sums);
        TLanes normalization = TLanes.Broadcast(1 / sum);
        for (int i = 0; i < weights.Length; i += TLanes.Count)
            TLanes.Store(TLanes.Multiply(TLanes.Load(ref Unsafe.Add(ref w, i)), normalization), ref Unsafe.Add(ref w, i));
        return largest + MathF.Log(sum);
    }

    // weights = exp(weights · scale - logSum), and gradients = weights (gradients - inner) scale.
    private static void ScoreGradients(Span<float> weights, Span<float> gradients, float scale, float logSum, float inner)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            ScoreGradients<Lanes512>(weights, gradients, scale, logSum, inner);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            ScoreGradients<Lanes256>(weights, gradients, scale, logSum, inner);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            ScoreGradients<Lanes128>(weights, gradients, scale, logSum, inner);
        }
        else
        {
            for (int i = 0; i < weights.Length; i++)
            {
                weights[i] = MathF.Exp(weights[i] * scale - logSum);
                gradients[i] = weights[i] * (gradients[i] - inner) * scale;
            }
        }
    }

    private static void ScoreGradients<TLanes>(Span<float> weights, Span<float> gradients, float scale, float logSum, float inner)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float w = ref MemoryMarshal.GetReference(weights);
        ref float g = ref MemoryMarshal.GetReference(gradients);
        TLanes scales = TLanes.Broadcast(scale), shift = TLanes.Broadcast(-logSum), inners = TLanes.Broadcast(inner);
        for (int i = 0; i < weights.Length; i += TLanes.Count)
        {
            TLanes weight = TLanes.Exp(TLanes.MultiplyAdd(TLanes.Load(ref Unsafe.Add(ref w, i)), scales, shift));
            TLanes gradient = TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref g, i)), inners);
            TLanes.Store(weight, ref Unsafe.Add(ref w, i));
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(weight, gradient), scales), ref Unsafe.Add(ref g, i));
        }
    }
}

/// <summary>Where one head's query, key and value lie, and how they are to be combined.</summary>
public readonly unsafe struct AttentionHead
{
    /// <summary>Number of queries; 0 for the length that the memory was made for.</summary>
    public int QueryCount { get; init; }

    /// <summary>Number of keys; 0 for as many as queries.</summary>
    public int KeyCount { get; init; }

    /// <summary>Whether every query sees every key, as in an encoder and between decoder and encoder; otherwise attention is causal.</summary>
    public bool AllKeys { get; init; }

    /// <summary>First query; [length, width].</summary>
    public required float* Query { get; init; }

    /// <summary>First key; [length, width].</summary>
    public required float* Key { get; init; }

    /// <summary>First value; [length, width].</summary>
    public required float* Value { get; init; }

    /// <summary>Distance between queries.</summary>
    public required int QueryStride { get; init; }

    /// <summary>Distance between keys.</summary>
    public required int KeyStride { get; init; }

    /// <summary>Distance between values.</summary>
    public required int ValueStride { get; init; }

    /// <summary>What scores are multiplied by: 1 / sqrt(width).</summary>
    public required float Scale { get; init; }

    /// <summary>[length]: the first key that each query sees, where its document begins; null for 0. Never falls.</summary>
    public int* FirstKeys { get; init; }

    /// <summary>Probability of dropping an attention weight.</summary>
    public float Dropout { get; init; }

    /// <summary>Seed of this head's dropout, the same in both passes.</summary>
    public uint DropoutSeed { get; init; }

    internal int FirstKey(int query) => FirstKeys == null ? 0 : FirstKeys[query];
}
