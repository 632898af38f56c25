using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.RecurrentTranslation;

/// <summary>
/// The encoder over sentences laid end to end. A step takes the sentences that still have a token, so that none reads padding and
/// the backward direction begins at each sentence's own end.
/// </summary>
internal sealed class RecurrentEncoder
{
    private readonly RecurrentTranslationConfiguration _configuration;
    private readonly TokenTable _tokens;
    private readonly RecurrentLayer[] _forward;
    private readonly RecurrentLayer[] _backward;
    private readonly WorkingSpace _input = new(), _output = new(), _gates = new(), _stepGates = new(), _scratch = new();
    private readonly WorkingSpace _hidden = new(), _previous = new(), _memory = new();

    private RecurrentEncoder(
        RecurrentTranslationConfiguration configuration, TokenTable tokens, RecurrentLayer[] forward, RecurrentLayer[] backward) =>
        (_configuration, _tokens, _forward, _backward) = (configuration, tokens, forward, backward);

    public static RecurrentEncoder Load(RecurrentTranslationConfiguration c, TokenTable tokens, TensorReader read)
    {
        return new(
            c,
            tokens,
            [.. Enumerable.Range(0, c.EncoderLayerCount).Select(layer => Layer(layer, ""))],
            [.. Enumerable.Range(0, c.BidirectionalLayerCount).Select(layer => Layer(layer, "_reverse"))]);

        RecurrentLayer Layer(int layer, string direction) => RecurrentLayer.Load(
            c.Cell, c.EncoderInputWidth(layer), c.EncoderWidth, bias: true, "encoder.rnn.", $"_l{layer}{direction}", read);
    }

    /// <param name="sources">[count] sentences, of any lengths.</param>
    /// <param name="pool">Threads to share the work.</param>
    public EncodedSources Encode(ReadOnlySpan<ReadOnlyMemory<int>> sources, WorkerPool pool)
    {
        EncodedSources result = new(_configuration, sources);
        int total = result.TokenCount, width = _configuration.EmbeddingWidth, at = 0;
        Span<float> input = _input.Take(total * width);
        foreach (ReadOnlyMemory<int> source in sources)
            foreach (int token in source.Span)
                _tokens.Copy(token, input.Slice(width * at++, width));

        for (int layer = 0; layer < _forward.Length; layer++)
        {
            int inputWidth = _configuration.EncoderInputWidth(layer), outputWidth = _configuration.EncoderOutputWidth(layer);
            Span<float> output = _output.Take(total * outputWidth);
            Pass(_forward[layer], result, layer, backward: false, input, output, outputWidth, pool);
            if (layer < _backward.Length)
                Pass(_backward[layer], result, layer, backward: true, input, output, outputWidth, pool);
            if (_configuration.Residual && layer > 0 && inputWidth == outputWidth)
                Addition.Accumulate(output, input);
            input = _input.Take(total * outputWidth);
            output.CopyTo(input);
        }

        result.Memory = input.ToArray();
        return result;
    }

    private void Pass(
        RecurrentLayer cell,
        EncodedSources sources,
        int layer,
        bool backward,
        ReadOnlySpan<float> input,
        Span<float> output,
        int outputWidth,
        WorkerPool pool)
    {
        int width = cell.Width, gateWidth = cell.GateWidth, count = sources.Count, offset = backward ? width : 0;
        bool lstm = _configuration.Cell == RecurrentCell.Lstm;
        Span<float> gates = _gates.Take(sources.TokenCount * gateWidth);
        cell.Project(input, sources.TokenCount, gates, pool);
        Span<float> stepGates = _stepGates.Take(count * gateWidth), scratch = _scratch.Take(count * cell.ScratchWidth);
        Span<float> previous = _previous.Take(count * width), hidden = _hidden.Take(count * width);
        Span<float> memory = lstm ? _memory.Take(count * width) : [];
        previous.Clear();
        memory.Clear();
        // Longest first: the sentences that have a token at a step are the first so many.
        int active = count;
        for (int step = 0; active > 0; step++)
        {
            while (active > 0 && sources.Length(sources.Longest[active - 1]) <= step)
                active--;
            for (int place = 0; place < active; place++)
                gates.Slice(Row(place, step) * gateWidth, gateWidth).CopyTo(stepGates[(place * gateWidth)..]);
            cell.Step(active, stepGates, previous[..(active * width)], lstm ? memory[..(active * width)] : [], hidden[..(active * width)], scratch, pool);
            for (int place = 0; place < active; place++)
            {
                Span<float> own = hidden.Slice(place * width, width);
                own.CopyTo(output.Slice(Row(place, step) * outputWidth + offset, width));
                int sentence = sources.Longest[place];
                if (step < sources.Length(sentence) - 1)
                    continue;
                own.CopyTo(sources.Final(sentence, layer, part: 0)[offset..]);
                if (lstm)
                    memory.Slice(place * width, width).CopyTo(sources.Final(sentence, layer, part: 1)[offset..]);
            }

            hidden[..(active * width)].CopyTo(previous);
        }

        int Row(int place, int step)
        {
            int sentence = sources.Longest[place];
            return sources.Start(sentence) + (backward ? sources.Length(sentence) - 1 - step : step);
        }
    }
}

/// <summary>What the encoder made of some sentences.</summary>
internal sealed class EncodedSources
{
    private readonly RecurrentTranslationConfiguration _configuration;
    private readonly int[] _starts;
    private readonly float[][] _finals;

    public EncodedSources(RecurrentTranslationConfiguration configuration, ReadOnlySpan<ReadOnlyMemory<int>> sources)
    {
        _configuration = configuration;
        _starts = new int[sources.Length + 1];
        for (int i = 0; i < sources.Length; i++)
            _starts[i + 1] = _starts[i] + sources[i].Length;
        Longest = [.. Enumerable.Range(0, sources.Length).OrderByDescending(Length)];
        _finals = [.. Enumerable.Range(0, sources.Length * configuration.EncoderLayerCount * 2)
            .Select(i => new float[configuration.EncoderOutputWidth(i / 2 % configuration.EncoderLayerCount)])];
    }

    public int Count => _starts.Length - 1;

    public int TokenCount => _starts[^1];

    /// <summary>The sentences, longest first.</summary>
    public int[] Longest { get; }

    /// <summary>The top layer's outputs, [all tokens, memory width].</summary>
    public float[] Memory { get; set; } = [];

    /// <summary>First row of a sentence.</summary>
    public int Start(int sentence) => _starts[sentence];

    public int Length(int sentence) => _starts[sentence + 1] - _starts[sentence];

    /// <summary>A layer's last state, the two directions side by side: h (0) or, of an LSTM, c (1).</summary>
    public Span<float> Final(int sentence, int layer, int part) => _finals[(sentence * _configuration.EncoderLayerCount + layer) * 2 + part];

    /// <summary>A sentence's outputs: [length, memory width].</summary>
    public ReadOnlySpan<float> Rows(int sentence) =>
        Memory.AsSpan(Start(sentence) * _configuration.MemoryWidth, Length(sentence) * _configuration.MemoryWidth);
}
