using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.RecurrentTranslation;

/// <summary>
/// A recurrent encoder-decoder in managed code, with or without attention, in 32-bit floats. Sentences and beams of any lengths
/// go through each matrix product together without padding, and on one machine each gets bit for bit what it gets alone. Calls
/// from several threads wait for each other.
/// </summary>
public sealed class RecurrentTranslationGraph : ISequenceToSequenceModel
{
    private readonly Lock _oneCall = new();
    private readonly WorkerPool _pool;
    private readonly RecurrentEncoder _encoder;
    private readonly DecoderBridge _bridge;
    private readonly RecurrentDecoder _decoder;
    private readonly Linear _output;
    private readonly WorkingSpace _picked = new(), _logits = new();
    private readonly List<RecurrentTranslationState> _rows = [];
    private readonly List<int> _tokens = [];
    private readonly List<(int Row, int Target)> _selected = [];

    internal RecurrentTranslationGraph(RecurrentTranslationConfiguration configuration, TensorReader read, int threadCount = 0)
    {
        configuration.Validate();
        Configuration = configuration;
        RecurrentTranslationConfiguration c = configuration;
        _output = Linear.FromOutputRows(
            read, c.OutputWidth, [(RecurrentTranslationTensors.Projection(c), "decoder.projection.bias", c.TargetVocabularySize)]);
        TokenTable target = c.TieProjection
            ? TokenTable.Tied(_output)
            : TokenTable.Read(read, RecurrentTranslationTensors.TargetEmbedding(c), c.TargetVocabularySize, c.EmbeddingWidth);
        TokenTable source = c.ShareEmbeddings
            ? target
            : TokenTable.Read(read, RecurrentTranslationTensors.SourceEmbedding(c), c.SourceVocabularySize, c.EmbeddingWidth);
        _encoder = RecurrentEncoder.Load(c, source, read);
        _bridge = DecoderBridge.Load(c, read);
        _decoder = RecurrentDecoder.Load(c, target, read);
        // Last, so that a checkpoint that fails to load leaves no threads behind.
        _pool = threadCount == 1 ? WorkerPool.Single : new WorkerPool(threadCount);
    }

    /// <summary>Loads a model; the source may be closed afterwards.</summary>
    /// <param name="configuration">The model's shape.</param>
    /// <param name="source">Tensors under the names of <see cref="RecurrentTranslationTensors"/>.</param>
    /// <param name="threadCount">Threads for matrix products; 0 for one a processor.</param>
    /// <exception cref="InvalidDataException">A size is impossible, or a tensor is missing, extra or of another shape.</exception>
    public static RecurrentTranslationGraph Load(RecurrentTranslationConfiguration configuration, ITensorSource source, int threadCount = 0)
    {
        configuration.Validate();
        IReadOnlyDictionary<string, string> names = StrictTensors.Match(source, configuration);
        return new(configuration, (name, destination) => source.ReadFloat32(names[name], destination), threadCount);
    }

    /// <summary>The model's shape.</summary>
    public RecurrentTranslationConfiguration Configuration { get; }

    /// <inheritdoc/>
    public int SourceVocabularySize => Configuration.SourceVocabularySize;

    /// <inheritdoc/>
    public int VocabularySize => Configuration.TargetVocabularySize;

    /// <inheritdoc/>
    public int? SourceLength => Configuration.MaximumLength;

    /// <inheritdoc/>
    public int? ContextLength => Configuration.MaximumLength;

    /// <inheritdoc/>
    public TranslationFormat Format => Configuration.Format;

    /// <inheritdoc/>
    public int AttentionLayerCount => Configuration.Attention == RecurrentAttention.None ? 0 : 1;

    /// <inheritdoc/>
    public int AttentionHeadCount => 1;

    /// <inheritdoc/>
    public SequenceToSequenceState[] NewStates(ReadOnlySpan<ReadOnlyMemory<int>> sources, bool keepAttention = false)
    {
        StateChecks.Sources(this, sources);
        if (sources.IsEmpty)
            return [];
        SequenceToSequenceState[] states = new SequenceToSequenceState[sources.Length];
        lock (_oneCall)
        {
            EncodedSources encoded = _encoder.Encode(sources, _pool);
            float[] keys = _decoder.Attention?.Keys(encoded.Memory, encoded.TokenCount, _pool) ?? [];
            for (int i = 0; i < states.Length; i++)
            {
                float[] sentence = new float[Configuration.MemoryWidth];
                SentenceVector.Pool(Configuration, encoded.Rows(i), sentence);
                float[] initial = _bridge.Initial(encoded, i, sentence, _decoder.StateSize);
                RecurrentSource source = new(encoded.Length(i), encoded.Start(i), encoded.Memory, keys, sentence, initial);
                states[i] = new RecurrentTranslationState(this, source, keepAttention);
            }
        }

        return states;
    }

    /// <summary>The sentence vector that the configuration's pooling mode makes of a source: [memory width].</summary>
    /// <exception cref="ArgumentException">The source is empty, or an id is outside the source vocabulary.</exception>
    public float[] Encode(ReadOnlyMemory<int> source) =>
        [.. ((RecurrentTranslationState)NewStates([source])[0]).Source.Sentence];

    /// <summary>The sentence vector that another pooling mode makes of a source: [memory width].</summary>
    /// <exception cref="ArgumentException">The source is empty, or an id is outside the source vocabulary.</exception>
    public float[] Encode(ReadOnlyMemory<int> source, SentencePooling pooling)
    {
        StateChecks.Sources(this, [source]);
        float[] sentence = new float[Configuration.MemoryWidth];
        lock (_oneCall)
            SentenceVector.Pool(Configuration with { Pooling = pooling }, _encoder.Encode([source], _pool).Rows(0), sentence);
        return sentence;
    }

    /// <inheritdoc/>
    public void Advance(
        ReadOnlySpan<LanguageModelState> states,
        ReadOnlySpan<ReadOnlyMemory<int>> tokens,
        Span<float> logits,
        LogitsSelection selection)
    {
        lock (_oneCall)
        {
            for (int i = 0; i < states.Length; i++)
                if (states[i] is not RecurrentTranslationState own || own.Owner != this)
                    throw new ArgumentException($"State {i} belongs to another model.");
            StateChecks.Advance(this, states, tokens, logits.Length, selection);
            for (int step = 0; Collect(states, tokens, step, selection); step++)
            {
                ReadOnlySpan<float> outputs = _decoder.Step(_rows, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_tokens), _pool);
                Project(outputs, logits);
                foreach (RecurrentTranslationState row in _rows)
                    row.Count(1);
            }

            _rows.Clear();
        }
    }

    /// <summary>Stops the threads.</summary>
    public void Dispose() => _pool.Dispose();

    // The states that have a token at this step, and where the wanted logits go.
    private bool Collect(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, int step, LogitsSelection selection)
    {
        _rows.Clear();
        _tokens.Clear();
        _selected.Clear();
        int start = 0;
        for (int i = 0; i < states.Length; i++)
        {
            if (step < tokens[i].Length)
            {
                if (selection == LogitsSelection.All)
                    _selected.Add((_rows.Count, start + step));
                else if (step == tokens[i].Length - 1)
                    _selected.Add((_rows.Count, i));
                _rows.Add((RecurrentTranslationState)states[i]);
                _tokens.Add(tokens[i].Span[step]);
            }

            start += tokens[i].Length;
        }

        return _rows.Count > 0;
    }

    // The output projection of the wanted rows; straight to its place in the usual case, where every state reads one token.
    private void Project(ReadOnlySpan<float> outputs, Span<float> logits)
    {
        int width = Configuration.OutputWidth, count = _selected.Count;
        bool inPlace = true;
        for (int i = 0; i < count; i++)
            inPlace &= _selected[i] == (i, i);
        if (inPlace)
        {
            _output.Apply(outputs[..(count * width)], count, logits[..(count * VocabularySize)], _pool);
            return;
        }

        Span<float> picked = _picked.Take(count * width), space = _logits.Take(count * VocabularySize);
        for (int i = 0; i < count; i++)
            outputs.Slice(_selected[i].Row * width, width).CopyTo(picked[(i * width)..]);
        _output.Apply(picked, count, space, _pool);
        for (int i = 0; i < count; i++)
            space.Slice(i * VocabularySize, VocabularySize).CopyTo(logits[(_selected[i].Target * VocabularySize)..]);
    }
}
