using System.Buffers;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models;

/// <summary>
/// A decoder-only Transformer in managed code: GPT-2, Llama, Qwen2 or Qwen3, in 32-bit floats. All sequences of an
/// <see cref="Advance"/> go through each matrix product together, and on one machine a sequence's logits are bit for bit
/// the same alone, in a batch, token by token or all at once. Calls from several threads wait for each other.
/// </summary>
public sealed class DecoderGraph : ILanguageModel
{
    // Rows that go through the graph at once: enough to use each weight well, few enough to bound the working memory.
    private const int RowBlock = 256;

    private readonly Lock _oneCall = new();
    private readonly WorkerPool _pool;
    private readonly DecoderBlock[] _blocks;
    private readonly Norm? _finalNorm; // none in GPT-1
    private readonly Linear _output;
    private readonly float[]? _tokenEmbedding;
    private readonly float[]? _positionEmbedding;
    private readonly double[] _frequencies;
    private readonly DecoderRows _rows = new();

    internal DecoderGraph(DecoderConfiguration configuration, TensorReader read, int threadCount = 0)
    {
        configuration.Validate();
        Configuration = configuration;
        DecoderConfiguration c = configuration;
        bool gpt2 = c.LearnedPositions;
        string embeddingName = DecoderTensors.TokenEmbedding(c);
        _output = Linear.FromOutputRows(read, c.Width, [(c.TieEmbeddings ? embeddingName : "lm_head.weight", null, c.VocabularySize)]);
        if (!c.TieEmbeddings)
            _tokenEmbedding = Read(read, embeddingName, c.VocabularySize * c.Width);
        if (gpt2)
            _positionEmbedding = Read(read, DecoderTensors.PositionEmbedding(c), c.ContextLength * c.Width);
        _blocks = [.. Enumerable.Range(0, c.LayerCount).Select(layer => DecoderBlock.Load(c, layer, read))];
        _finalNorm = c.PostNorm ? null
            : gpt2 ? Norm.Layer(read, "transformer.ln_f", c.Width, c.NormEpsilon)
            : Norm.RootMeanSquare(read, "model.norm", c.Width, c.NormEpsilon);
        _frequencies = gpt2 ? [] : Rope.Frequencies(c.HeadWidth, c.RopeTheta);
        if (c.RopeScaling is { } s)
            Rope.ScaleLlama3(_frequencies, s.Factor, s.LowFrequencyFactor, s.HighFrequencyFactor, s.OriginalContextLength);
        // Last, so that a checkpoint that fails to load leaves no threads behind.
        _pool = threadCount == 1 ? WorkerPool.Single : new WorkerPool(threadCount);
    }

    /// <summary>Loads a model; the source may be closed afterwards.</summary>
    /// <param name="configuration">The model's shape.</param>
    /// <param name="source">Tensors under the names of <see cref="DecoderTensors"/>.</param>
    /// <param name="threadCount">Threads for matrix products; 0 for one a processor.</param>
    /// <exception cref="InvalidDataException">A size is impossible, or a tensor is missing, extra or of another shape.</exception>
    public static DecoderGraph Load(DecoderConfiguration configuration, ITensorSource source, int threadCount = 0)
    {
        configuration.Validate();
        IReadOnlyDictionary<string, string> names = StrictTensors.Match(source, configuration);
        return new(configuration, (name, destination) => source.ReadFloat32(names[name], destination), threadCount);
    }

    /// <summary>The model's shape.</summary>
    public DecoderConfiguration Configuration { get; }

    /// <inheritdoc/>
    public int VocabularySize => Configuration.VocabularySize;

    /// <inheritdoc/>
    public int? ContextLength => Configuration.ContextLength;

    /// <summary>Sees intermediate values: <c>embedding</c>, those of the blocks, <c>final-norm</c>.</summary>
    internal ActivationObserver? Observer { get; set; }

    /// <inheritdoc/>
    public LanguageModelState NewState() =>
        new DecoderState(this, new KeyValueCache(Configuration.LayerCount, Configuration.KeyValueHeadCount, Configuration.HeadWidth));

    /// <inheritdoc/>
    public void Advance(
        ReadOnlySpan<LanguageModelState> states,
        ReadOnlySpan<ReadOnlyMemory<int>> tokens,
        Span<float> logits,
        LogitsSelection selection)
    {
        lock (_oneCall)
        {
            Check(states, tokens, logits.Length, selection);
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
        }
    }

    /// <summary>Stops the threads.</summary>
    public void Dispose() => _pool.Dispose();

    private static float[] Read(TensorReader read, string name, int size)
    {
        float[] values = new float[size];
        read(name, values);
        return values;
    }

    private void Check(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, int space, LogitsSelection selection)
    {
        if (states.Length != tokens.Length)
            throw new ArgumentException($"{states.Length} states were given {tokens.Length} token sequences.");
        long total = 0;
        for (int i = 0; i < states.Length; i++)
        {
            if (states[i] is not DecoderState state || state.Owner != this)
                throw new ArgumentException($"State {i} belongs to another model.");
            for (int j = 0; j < i; j++)
                if (ReferenceEquals(states[j], state))
                    throw new ArgumentException($"States {j} and {i} are the same; fork one of them.");
            if (tokens[i].IsEmpty)
                throw new ArgumentException($"No tokens were given to state {i}.");
            foreach (int token in tokens[i].Span)
                if ((uint)token >= (uint)VocabularySize)
                    throw new ArgumentException($"Token id {token} is outside the vocabulary of {VocabularySize}.");
            if (state.Length + tokens[i].Length > Configuration.ContextLength)
                throw new ContextOverflowException(state.Length + tokens[i].Length, Configuration.ContextLength);
            total += tokens[i].Length;
        }

        long wanted = (selection == LogitsSelection.All ? total : states.Length) * VocabularySize;
        if (space < wanted)
            throw new ArgumentException($"The logits need {wanted} values, but there is room for {space}.");
    }

    private void Run(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, Span<float> logits, LogitsSelection selection)
    {
        int width = Configuration.Width;
        int done = 0;
        List<int> selected = [];
        _rows.Clear();
        for (int i = 0; i < states.Length; i++)
        {
            KeyValueCache cache = ((DecoderState)states[i]).Cache;
            int start = cache.Length;
            cache.Extend(start + tokens[i].Length);
            for (int j = 0; j < tokens[i].Length; j++)
            {
                if (selection == LogitsSelection.All || j == tokens[i].Length - 1)
                    selected.Add(_rows.Count);
                _rows.Add(cache, start + j, tokens[i].Span[j]);
                if (_rows.Count == RowBlock)
                    Flush(logits);
            }
        }

        Flush(logits);

        void Flush(Span<float> logits)
        {
            if (_rows.Count == 0)
                return;
            float[] space = ArrayPool<float>.Shared.Rent(3 * _rows.Count * width);
            int size = _rows.Count * width;
            Span<float> stream = space.AsSpan(0, size), normal = space.AsSpan(size, size), branch = space.AsSpan(2 * size, size);
            Embed(stream);
            Observer?.Invoke(-1, "embedding", stream);
            foreach (DecoderBlock block in _blocks)
                block.Apply(_rows, stream, normal, branch, _pool, Observer);
            // Only the selected rows go on: the output projection is the largest product of all.
            for (int i = 0; i < selected.Count; i++)
                stream.Slice(selected[i] * width, width).CopyTo(normal[(i * width)..]);
            Span<float> last = normal[..(selected.Count * width)];
            _finalNorm?.Apply(last, last);
            Observer?.Invoke(-1, "final-norm", last);
            _output.Apply(last, selected.Count, logits.Slice(done * VocabularySize, selected.Count * VocabularySize), _pool);
            done += selected.Count;
            selected.Clear();
            _rows.Clear();
            ArrayPool<float>.Shared.Return(space);
        }
    }

    private void Embed(Span<float> stream)
    {
        int width = Configuration.Width;
        for (int row = 0; row < _rows.Count; row++)
        {
            Span<float> target = stream.Slice(row * width, width);
            if (_tokenEmbedding is null)
                _output.Weight.CopyColumn(_rows.Token(row), target);
            else
                _tokenEmbedding.AsSpan(_rows.Token(row) * width, width).CopyTo(target);
            if (_positionEmbedding is not null)
                Addition.Accumulate(target, _positionEmbedding.AsSpan(_rows.Position(row) * width, width));
        }

        if (_frequencies.Length > 0)
            _rows.Rotate(_frequencies);
    }
}
