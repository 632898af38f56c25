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
public sealed class TransformerGraph : ISequenceToSequenceModel, ITopTokensModel
{
    // Source tokens that go through the encoder at once: enough to use each weight well, few enough to bound the working memory.
    private const int RowBlock = 512;

    // Fewest tokens with which a thread takes its own sequences through the whole decoder, waiting for nobody; with fewer the threads
    // share every product.
    private const int LaneRows = 16;

    private readonly Lock _oneCall = new();
    private readonly WorkerPool _pool;
    private readonly TransformerEncoder _encoder;
    private readonly Linear _sourceKeyValues;
    private readonly TransformerDecoder _decoder;
    private readonly Linear _output;
    private readonly Lazy<ScreenedArgmax> _likeliest;
    private readonly DecoderSpace[] _lanes;
    private readonly WorkingSpace _projected = new();

    internal TransformerGraph(TransformerConfiguration configuration, TensorReader read, int threadCount = 0)
    {
        configuration.Validate();
        Configuration = configuration;
        TransformerConfiguration c = configuration;
        _output = Linear.FromOutputRows(
            read, c.Width, [(TransformerTensors.Projection(c), "final_logits_bias", c.TargetVocabularySize)]);
        // Only for greedy decoding.
        _likeliest = new(() => new ScreenedArgmax(_output.Weight, _output.Bias));
        TokenTable target = c.TieProjection
            ? TokenTable.Tied(_output)
            : TokenTable.Read(read, TransformerTensors.TargetEmbedding(c), c.TargetVocabularySize, c.Width);
        TokenTable source = c.ShareEmbeddings
            ? target
            : TokenTable.Read(read, TransformerTensors.SourceEmbedding(c), c.SourceVocabularySize, c.Width);
        _encoder = TransformerEncoder.Load(c, source, read);
        _decoder = TransformerDecoder.Load(c, target, read);
        _sourceKeyValues = Linear.FromOutputRows(
            read,
            c.Width,
            [.. Enumerable.Range(0, c.DecoderLayerCount).SelectMany(layer => new[] { "k_proj", "v_proj" }.Select(part =>
            {
                string name = $"model.decoder.layers.{layer}.encoder_attn.{part}";
                return (name + ".weight", (string?)(name + ".bias"), c.Width);
            }))]);
        Histories = new TargetHistory.Pool(c.DecoderLayerCount * 2 * c.Width);
        // Last, so that a checkpoint that fails to load leaves no threads behind.
        _pool = threadCount == 1 ? WorkerPool.Single : new WorkerPool(threadCount);
        _lanes = [.. Enumerable.Range(0, _pool.ThreadCount).Select(_ => new DecoderSpace())];
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
            StateChecks.Advance(this, states, tokens, logits.Length, selection);
            int lanes = Decode(states, tokens, selection, null);
            int done = 0;
            foreach (DecoderSpace lane in _lanes.AsSpan(0, lanes))
            {
                _output.Apply(lane.Hidden, lane.HiddenCount, logits.Slice(done * VocabularySize, lane.HiddenCount * VocabularySize), _pool);
                done += lane.HiddenCount;
            }
        }
    }

    /// <inheritdoc/>
    public void Advance(ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, TopTokens result)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(result.Forbidden.Length, VocabularySize);
        lock (_oneCall)
        {
            StateChecks.Advance(this, states, tokens, int.MaxValue, LogitsSelection.Last);
            result.Fit(states.Length);
            Decode(states, tokens, LogitsSelection.Last, result);
        }
    }

    /// <summary>What each source token takes from each in the encoder.</summary>
    /// <param name="source">Source ids, as <see cref="NewStates"/> reads them.</param>
    /// <exception cref="ArgumentException">There are none, or an id is outside the source vocabulary.</exception>
    /// <exception cref="ContextOverflowException">They are more than the model reads.</exception>
    public SelfAttentionWeights EncoderAttention(ReadOnlyMemory<int> source)
    {
        StateChecks.Sources(this, [source]);
        SelfAttentionWeights kept = new(Configuration.EncoderLayerCount, Configuration.EncoderHeadCount, source.Length);
        lock (_oneCall)
            _encoder.Encode([source], _pool, kept);
        return kept;
    }

    /// <summary>What each target token that is read takes from itself and those before it.</summary>
    /// <param name="source">Source ids.</param>
    /// <param name="target">Target ids as the decoder reads them, <see cref="TranslationFormat.BeginId"/> first.</param>
    /// <exception cref="ArgumentException">There are none, or an id is outside its vocabulary.</exception>
    /// <exception cref="ContextOverflowException">They are more than the model reads.</exception>
    public SelfAttentionWeights DecoderAttention(ReadOnlyMemory<int> source, ReadOnlyMemory<int> target)
    {
        using SequenceToSequenceState state = this.NewState(source);
        SelfAttentionWeights kept = new(Configuration.DecoderLayerCount, Configuration.DecoderHeadCount, target.Length);
        lock (_oneCall)
        {
            // A single sequence is the first lane's.
            _lanes[0].Kept = kept;
            try
            {
                this.Advance(state, target, new float[VocabularySize]);
            }
            finally
            {
                _lanes[0].Kept = null;
            }
        }

        return kept;
    }

    /// <summary>Stops the threads.</summary>
    public void Dispose() => _pool.Dispose();

    // Takes tokens through the decoder and, if they are wanted, to the most probable next ones. How many lanes hold the results.
    private int Decode(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, LogitsSelection selection, TopTokens? result)
    {
        int total = 0;
        int[] before = new int[states.Length];
        for (int i = 0; i < states.Length; i++)
        {
            if (states[i] is not TransformerState own || own.Owner != this)
                throw new ArgumentException($"State {i} belongs to another model.");
            before[i] = states[i].Length;
            total += tokens[i].Length;
        }

        int lanes = Math.Clamp(Math.Min(total / LaneRows, states.Length), 1, _pool.ThreadCount);
        try
        {
            if (lanes == 1)
                RunLane(_lanes[0], 0, states, tokens, selection, result, _pool);
            else
                RunLanes(Cuts(tokens, total, lanes), states.ToArray(), tokens.ToArray(), selection, result);
        }
        catch
        {
            for (int i = 0; i < states.Length; i++)
                states[i].Truncate(before[i]);
            throw;
        }
        finally
        {
            // The paths would keep the states' memory alive.
            foreach (DecoderSpace lane in _lanes)
                lane.Rows.Clear();
        }

        return lanes;
    }

    // Where each lane begins and the last ends: about the same number of tokens in each.
    private static int[] Cuts(ReadOnlySpan<ReadOnlyMemory<int>> tokens, int total, int lanes)
    {
        int[] cuts = new int[lanes + 1];
        int lane = 1;
        long sum = 0;
        for (int i = 0; i < tokens.Length && lane < lanes; i++)
        {
            sum += tokens[i].Length;
            while (lane < lanes && sum * lanes >= (long)total * lane)
                cuts[lane++] = i + 1;
        }

        cuts[lanes] = tokens.Length;
        return cuts;
    }

    private void RunLanes(int[] cuts, LanguageModelState[] states, ReadOnlyMemory<int>[] tokens, LogitsSelection selection, TopTokens? result) =>
        _pool.For(cuts.Length - 1, lane => RunLane(
            _lanes[lane],
            cuts[lane],
            states.AsSpan(cuts[lane]..cuts[lane + 1]),
            tokens.AsSpan(cuts[lane]..cuts[lane + 1]),
            selection,
            result,
            WorkerPool.Single));

    private void RunLane(
        DecoderSpace lane,
        int first,
        ReadOnlySpan<LanguageModelState> states,
        ReadOnlySpan<ReadOnlyMemory<int>> tokens,
        LogitsSelection selection,
        TopTokens? result,
        WorkerPool pool)
    {
        _decoder.Run(states, tokens, selection, lane, pool);
        if (result is null)
            return;
        result.Places(first, states.Length, out Span<int> ids, out Span<float> logits, out Span<double> totals);
        if (result is { Count: 1, KeepsTotals: false } && ScreenedArgmax.IsSupported)
        {
            _likeliest.Value.Apply(lane.Hidden, lane.HiddenCount, result.Forbidden, ids, logits, pool);
            return;
        }

        TopLogits.Apply(lane.Hidden, lane.HiddenCount, _output.Weight, _output.Bias, result.Forbidden, result.Count, ids, logits, totals, pool);
    }
}
