using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.RecurrentTranslation;

/// <summary>
/// One step of the decoder for any number of states: the equations of <see cref="RecurrentTranslationConfiguration"/>, each
/// product over all rows at once.
/// </summary>
internal sealed class RecurrentDecoder
{
    private readonly RecurrentTranslationConfiguration _configuration;
    private readonly TokenTable _tokens;
    private readonly RecurrentLayer[] _layers;
    private readonly SourceAttention? _attention;
    private readonly Linear? _readout;
    private readonly WorkingSpace _embedded = new(), _contexts = new(), _input = new(), _gates = new(), _scratch = new();
    private readonly WorkingSpace _output = new(), _previous = new(), _hidden = new(), _memory = new(), _joined = new(), _result = new();

    private RecurrentDecoder(
        RecurrentTranslationConfiguration configuration,
        TokenTable tokens,
        RecurrentLayer[] layers,
        SourceAttention? attention,
        Linear? readout)
    {
        (_configuration, _tokens, _layers, _attention, _readout) = (configuration, tokens, layers, attention, readout);
        Parts = configuration.Cell.StateCount();
        FedBackWidth = configuration.Attention == RecurrentAttention.Gnmt ? configuration.MemoryWidth
            : configuration.InputFeeding ? configuration.OutputWidth
            : 0;
    }

    /// <summary>Values of a state.</summary>
    public int StateSize => _layers.Length * Parts * _configuration.DecoderWidth + FedBackWidth;

    public SourceAttention? Attention => _attention;

    // Vectors of a layer's state.
    private int Parts { get; }

    // Width of what the first layer reads of the step before: the readout, or GNMT's context.
    private int FedBackWidth { get; }

    public static RecurrentDecoder Load(RecurrentTranslationConfiguration c, TokenTable tokens, TensorReader read) => new(
        c,
        tokens,
        [.. Enumerable.Range(0, c.DecoderLayerCount).Select(layer => RecurrentLayer.Load(
            c.Cell, c.DecoderInputWidth(layer), c.DecoderWidth, bias: true, "decoder.rnn.", $"_l{layer}", read))],
        SourceAttention.Load(c, read),
        c.HasReadout
            ? Linear.FromOutputRows(read, c.ReadoutInputWidth, [("decoder.readout.weight", "decoder.readout.bias", c.OutputWidth)])
            : null);

    /// <param name="rows">[rows] distinct states, which move on.</param>
    /// <param name="tokens">[rows] the tokens they read.</param>
    /// <param name="pool">Threads to share the work.</param>
    /// <returns>[rows, output width]: what is projected to the vocabulary; good until the next step.</returns>
    public ReadOnlySpan<float> Step(IReadOnlyList<RecurrentTranslationState> rows, ReadOnlySpan<int> tokens, WorkerPool pool)
    {
        RecurrentTranslationConfiguration c = _configuration;
        int count = rows.Count, width = c.DecoderWidth;
        Span<float> embedded = _embedded.Take(count * c.EmbeddingWidth);
        for (int row = 0; row < count; row++)
            _tokens.Copy(tokens[row], embedded.Slice(row * c.EmbeddingWidth, c.EmbeddingWidth));
        float[] contexts = _contexts.Array(count * c.MemoryWidth);
        float[] hidden = _hidden.Array(count * width);
        if (c.FeedSentence)
            for (int row = 0; row < count; row++)
                rows[row].Source.Sentence.CopyTo(contexts.AsSpan(row * c.MemoryWidth));
        if (c.Attention == RecurrentAttention.Bahdanau)
        {
            Gather(rows, _layers.Length - 1, part: 0, hidden);
            _attention!.Apply(rows, hidden, contexts, pool);
        }

        Span<float> output = _output.Take(count * width);
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            ReadOnlySpan<float> input = layer == 0 ? FirstInput(rows, embedded, contexts)
                : c.Attention == RecurrentAttention.Gnmt ? Join(_input, count, output, width, contexts, c.MemoryWidth, [], 0)
                : output;
            Run(layer, rows, input, hidden, pool);
            Span<float> own = hidden.AsSpan(0, count * width);
            if (layer > 0 && c.Residual)
                Addition.Accumulate(output, own);
            else
                own.CopyTo(output);
            if (layer == 0 && c.Attention == RecurrentAttention.Gnmt)
            {
                _attention!.Apply(rows, hidden, contexts, pool);
                FeedBack(rows, contexts, c.MemoryWidth);
            }
        }

        if (c.IsLuong)
            _attention!.Apply(rows, hidden, contexts, pool);
        return _readout is null ? output : ReadOut(rows, contexts, output, embedded, pool);
    }

    private ReadOnlySpan<float> ReadOut(
        IReadOnlyList<RecurrentTranslationState> rows,
        ReadOnlySpan<float> contexts,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> embedded,
        WorkerPool pool)
    {
        RecurrentTranslationConfiguration c = _configuration;
        int count = rows.Count;
        ReadOnlySpan<float> joined = c.IsLuong
            ? Join(_joined, count, contexts, c.MemoryWidth, output, c.DecoderWidth, [], 0)
            : Join(_joined, count, contexts, c.MemoryWidth, output, c.DecoderWidth, embedded, c.EmbeddingWidth);
        float[] result = _result.Array(count * c.OutputWidth);
        _readout!.Apply(joined, count, result, pool);
        // Row by row, so that a row's last values go through the same instructions wherever it stands.
        for (int row = 0; row < count; row++)
            Tanh.Apply(result.AsSpan(row * c.OutputWidth, c.OutputWidth));
        if (c.InputFeeding)
            FeedBack(rows, result, c.OutputWidth);
        return result.AsSpan(0, count * c.OutputWidth);
    }

    private ReadOnlySpan<float> FirstInput(
        IReadOnlyList<RecurrentTranslationState> rows, ReadOnlySpan<float> embedded, ReadOnlySpan<float> contexts)
    {
        RecurrentTranslationConfiguration c = _configuration;
        if (c.FeedSentence || c.Attention == RecurrentAttention.Bahdanau)
            return Join(_input, rows.Count, embedded, c.EmbeddingWidth, contexts, c.MemoryWidth, [], 0);
        if (FedBackWidth == 0)
            return embedded;
        int width = c.EmbeddingWidth + FedBackWidth;
        Span<float> input = _input.Take(rows.Count * width);
        for (int row = 0; row < rows.Count; row++)
        {
            embedded.Slice(row * c.EmbeddingWidth, c.EmbeddingWidth).CopyTo(input[(row * width)..]);
            rows[row].Values.AsSpan(StateSize - FedBackWidth).CopyTo(input[(row * width + c.EmbeddingWidth)..]);
        }

        return input;
    }

    // One layer: the states' vectors come together, take the step, and go back.
    private void Run(int layer, IReadOnlyList<RecurrentTranslationState> rows, ReadOnlySpan<float> input, float[] hidden, WorkerPool pool)
    {
        RecurrentLayer cell = _layers[layer];
        int count = rows.Count, width = cell.Width;
        float[] previous = _previous.Array(count * width);
        float[] memory = Parts == 2 ? _memory.Array(count * width) : [];
        Gather(rows, layer, part: 0, previous);
        if (Parts == 2)
            Gather(rows, layer, part: 1, memory);
        Span<float> gates = _gates.Take(count * cell.GateWidth);
        cell.Project(input, count, gates, pool);
        cell.Step(
            count,
            gates,
            previous.AsSpan(0, count * width),
            Parts == 2 ? memory.AsSpan(0, count * width) : [],
            hidden.AsSpan(0, count * width),
            _scratch.Take(count * cell.ScratchWidth),
            pool);
        for (int row = 0; row < count; row++)
        {
            hidden.AsSpan(row * width, width).CopyTo(Part(rows[row], layer, 0));
            if (Parts == 2)
                memory.AsSpan(row * width, width).CopyTo(Part(rows[row], layer, 1));
        }
    }

    private void Gather(IReadOnlyList<RecurrentTranslationState> rows, int layer, int part, float[] destination)
    {
        for (int row = 0; row < rows.Count; row++)
            Part(rows[row], layer, part).CopyTo(destination.AsSpan(row * _configuration.DecoderWidth));
    }

    private Span<float> Part(RecurrentTranslationState state, int layer, int part) =>
        state.Values.AsSpan((layer * Parts + part) * _configuration.DecoderWidth, _configuration.DecoderWidth);

    private void FeedBack(IReadOnlyList<RecurrentTranslationState> rows, ReadOnlySpan<float> values, int width)
    {
        for (int row = 0; row < rows.Count; row++)
            values.Slice(row * width, width).CopyTo(rows[row].Values.AsSpan(StateSize - width));
    }

    private static ReadOnlySpan<float> Join(
        WorkingSpace space,
        int count,
        ReadOnlySpan<float> first,
        int firstWidth,
        ReadOnlySpan<float> second,
        int secondWidth,
        ReadOnlySpan<float> third,
        int thirdWidth)
    {
        int width = firstWidth + secondWidth + thirdWidth;
        Span<float> joined = space.Take(count * width);
        for (int row = 0; row < count; row++)
        {
            Span<float> target = joined.Slice(row * width, width);
            first.Slice(row * firstWidth, firstWidth).CopyTo(target);
            second.Slice(row * secondWidth, secondWidth).CopyTo(target[firstWidth..]);
            third.Slice(row * thirdWidth, thirdWidth).CopyTo(target[(firstWidth + secondWidth)..]);
        }

        return joined;
    }
}
