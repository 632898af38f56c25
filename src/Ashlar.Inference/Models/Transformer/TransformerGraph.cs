using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>
/// An encoder-decoder Transformer in managed code, in 32-bit floats: Marian and its kin. Sentences and beams of any lengths go
/// through each matrix product together without padding, and on one machine each gets bit for bit what it gets alone. Keys and
/// values of the source are computed once, those of the target once for each token. Calls from several threads wait for each
/// other.
/// </summary>
public sealed class TransformerGraph : ISequenceToSequenceModel
{
    // Rows that go through the decoder at once: enough to use each weight well, few enough to bound the working memory.
    private const int RowBlock = 512;

    private readonly Lock _oneCall = new();
    private readonly WorkerPool _pool;
    private readonly TransformerEncoder _encoder;
    private readonly TransformerEmbedding _embedding;
    private readonly Linear _sourceKeyValues;
    private readonly TransformerDecoderLayer[] _layers;
    private readonly Norm? _finalNorm;
    private readonly Linear _output;
    private readonly DecoderSpace _space = new();
    private readonly WorkingSpace _projected = new();
    private readonly List<int> _selected = [];

    internal TransformerGraph(TransformerConfiguration configuration, TensorReader read, int threadCount = 0)
    {
        configuration.Validate();
        Configuration = configuration;
        TransformerConfiguration c = configuration;
        _output = Linear.FromOutputRows(
            read, c.Width, [(TransformerTensors.Projection(c), "final_logits_bias", c.TargetVocabularySize)]);
        TokenTable target = c.TieProjection
            ? TokenTable.Tied(_output)
            : TokenTable.Read(read, TransformerTensors.TargetEmbedding(c), c.TargetVocabularySize, c.Width);
        TokenTable source = c.ShareEmbeddings
            ? target
            : TokenTable.Read(read, TransformerTensors.SourceEmbedding(c), c.SourceVocabularySize, c.Width);
        _encoder = TransformerEncoder.Load(c, source, read);
        _embedding = TransformerEmbedding.Load(c, target, "decoder", read);
        _layers = [.. Enumerable.Range(0, c.DecoderLayerCount).Select(layer => new TransformerDecoderLayer(c, layer, read))];
        _sourceKeyValues = Linear.FromOutputRows(
            read,
            c.Width,
            [.. Enumerable.Range(0, c.DecoderLayerCount).SelectMany(layer => new[] { "k_proj", "v_proj" }.Select(part =>
            {
                string name = $"model.decoder.layers.{layer}.encoder_attn.{part}";
                return (name + ".weight", (string?)(name + ".bias"), c.Width);
            }))]);
        _finalNorm = c.PreNorm ? Norm.Layer(read, "model.decoder.layer_norm", c.Width, c.NormEpsilon) : null;
        Histories = new TargetHistory.Pool(c.DecoderLayerCount * 2 * c.Width);
        // Last, so that a checkpoint that fails to load leaves no threads behind.
        _pool = threadCount == 1 ? WorkerPool.Single : new WorkerPool(threadCount);
    }

    /// <summary>Loads a model; the source may be closed afterwards.</summary>
    /// <param name="configuration">The model's shape.</param>
    /// <param name="source">Tensors under the names of <see cref="TransformerTensors"/>.</param>
    /// <param name="threadCount">Threads for matrix products; 0 for one a processor.</param>
    /// <exception cref="InvalidDataException">A size is impossible, or a tensor is missing, extra or of another shape.</exception>
    public static TransformerGraph Load(TransformerConfiguration configuration, ITensorSource source, int threadCount = 0)
    {
        configuration.Validate();
        IReadOnlyDictionary<string, string> names = StrictTensors.Match(source, configuration);
        return new(configuration, (name, destination) => source.ReadFloat32(names[name], destination), threadCount);
    }

    /// <summary>The model's shape.</summary>
    public TransformerConfiguration Configuration { get; }

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
    public int AttentionLayerCount => Configuration.DecoderLayerCount;

    /// <inheritdoc/>
    public int AttentionHeadCount => Configuration.DecoderHeadCount;

    internal TargetHistory.Pool Histories { get; }

    /// <inheritdoc/>
    public SequenceToSequenceState[] NewStates(ReadOnlySpan<ReadOnlyMemory<int>> sources, bool keepAttention = false)
    {
        StateChecks.Sources(this, sources);
        TransformerConfiguration c = Configuration;
        SequenceToSequenceState[] states = new SequenceToSequenceState[sources.Length];
        lock (_oneCall)
        {
            for (int done = 0, next; done < sources.Length; done = next)
            {
                next = done;
                int rows = 0;
                do
                    rows += sources[next++].Length;
                while (next < sources.Length && rows + sources[next].Length <= RowBlock);
                int width = 2 * c.DecoderLayerCount * c.Width;
                Span<float> projected = _projected.Take(rows * width);
                _sourceKeyValues.Apply(_encoder.Encode(sources[done..next], _pool), rows, projected, _pool);
                for (int i = done, start = 0; i < next; i++)
                {
                    int length = sources[i].Length;
                    SourceMemory memory = new(
                        projected.Slice(start * width, length * width), length, c.DecoderLayerCount, c.DecoderHeadCount, c.Width / c.DecoderHeadCount);
                    states[i] = new TransformerState(this, memory, keepAttention);
                    start += length;
                }
            }
        }

        return states;
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
                if (states[i] is not TransformerState own || own.Owner != this)
                    throw new ArgumentException($"State {i} belongs to another model.");
            StateChecks.Advance(this, states, tokens, logits.Length, selection);
            int[] before = new int[states.Length];
            for (int i = 0; i < states.Length; i++)
                before[i] = states[i].Length;
            try
            {
                Run(states, tokens, logits, selection);
            }
            catch
            {
                for (int i = 0; i < states.Length; i++)
                    states[i].Truncate(before[i]);
                throw;
            }
            finally
            {
                _space.Rows.Clear();
                _selected.Clear();
            }
        }
    }

    /// <summary>Stops the threads.</summary>
    public void Dispose() => _pool.Dispose();

    private void Run(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, Span<float> logits, LogitsSelection selection)
    {
        int done = 0;
        for (int i = 0; i < states.Length; i++)
        {
            TransformerState state = (TransformerState)states[i];
            for (int j = 0; j < tokens[i].Length; j++)
            {
                bool last = j == tokens[i].Length - 1;
                if (last || selection == LogitsSelection.All)
                    _selected.Add(_space.Rows.Count);
                _space.Rows.Add(state, state.Append(), tokens[i].Span[j], last);
                if (_space.Rows.Count == RowBlock)
                    Flush(logits, ref done);
            }
        }

        Flush(logits, ref done);
    }

    private void Flush(Span<float> logits, ref int done)
    {
        int count = _space.Rows.Count, width = Configuration.Width, angleWidth = _embedding.AngleWidth;
        if (count == 0)
            return;
        _space.Fit(width, angleWidth);
        Span<float> stream = _space.Stream.AsSpan(0, count * width);
        for (int row = 0; row < count; row++)
        {
            TargetRows.Row own = _space.Rows[row];
            _embedding.Embed(own.Token, own.Position, stream.Slice(row * width, width));
            if (_embedding.Rotary)
            {
                Span<float> angles = _space.Angles.AsSpan(row * 2 * angleWidth, 2 * angleWidth);
                _embedding.Angles(own.Position, angles[..angleWidth], angles[angleWidth..]);
            }
        }

        foreach (TransformerDecoderLayer layer in _layers)
            layer.Apply(_space, _embedding, stream, _pool);

        // Only the selected rows go on: the output projection is the largest product of all.
        ReadOnlySpan<float> rows = stream;
        if (_selected.Count < count)
        {
            for (int i = 0; i < _selected.Count; i++)
                stream.Slice(_selected[i] * width, width).CopyTo(_space.Normal.AsSpan(i * width));
            rows = _space.Normal.AsSpan(0, _selected.Count * width);
        }

        if (_finalNorm is not null)
        {
            _finalNorm.Apply(rows, _space.Branch.AsSpan(0, rows.Length));
            rows = _space.Branch.AsSpan(0, rows.Length);
        }

        _output.Apply(rows, _selected.Count, logits.Slice(done * VocabularySize, _selected.Count * VocabularySize), _pool);
        done += _selected.Count;
        _selected.Clear();
        _space.Rows.Clear();
    }
}
