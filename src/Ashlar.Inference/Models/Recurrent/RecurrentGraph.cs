using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Recurrent;

/// <summary>
/// A recurrent language model in managed code: Elman network, LSTM or GRU, in 32-bit floats. A state is a few vectors, so
/// there is no longest sequence and memory does not grow with it. All sequences of an <see cref="Advance"/> go through each
/// matrix product together, and on one machine a sequence's logits are bit for bit the same alone, in a batch, token by
/// token or all at once. Calls from several threads wait for each other.
/// </summary>
public sealed class RecurrentGraph : ILanguageModel
{
    private readonly Lock _oneCall = new();
    private readonly WorkerPool _pool;
    private readonly TokenInput _input;
    private readonly RecurrentLayer[] _layers;
    private readonly Linear _output;
    private readonly RecurrentSchedule _schedule = new();
    private float[] _hidden = [];
    private float[] _memory = [];
    private float[] _gates = [];
    private float[] _rows = [];
    private float[] _scratch = [];
    private float[] _picked = [];

    internal RecurrentGraph(RecurrentConfiguration configuration, TensorReader read, int threadCount = 0)
    {
        configuration.Validate();
        Configuration = configuration;
        RecurrentConfiguration c = configuration;
        _output = Linear.FromOutputRows(
            read,
            c.HiddenWidth,
            [(c.TieEmbeddings ? "encoder.weight" : "decoder.weight", c.ProjectionBias ? "decoder.bias" : null, c.VocabularySize)]);
        _input = TokenInput.Load(c, _output, read);
        _layers = [.. Enumerable.Range(0, c.LayerCount).Select(layer => layer == 0
            ? RecurrentLayer.WithoutInput(c.Cell, null, c.HiddenWidth, c.Bias, "rnn.", "_l0", read)
            : RecurrentLayer.Load(c.Cell, c.HiddenWidth, c.HiddenWidth, c.Bias, "rnn.", $"_l{layer}", read))];
        // Last, so that a checkpoint that fails to load leaves no threads behind.
        _pool = threadCount == 1 ? WorkerPool.Single : new WorkerPool(threadCount);
    }

    /// <summary>Loads a model; the source may be closed afterwards.</summary>
    /// <param name="configuration">The model's shape.</param>
    /// <param name="source">Tensors under the names of <see cref="RecurrentTensors"/>.</param>
    /// <param name="threadCount">Threads for matrix products; 0 for one a processor.</param>
    /// <exception cref="InvalidDataException">A size is impossible, or a tensor is missing, extra or of another shape.</exception>
    public static RecurrentGraph Load(RecurrentConfiguration configuration, ITensorSource source, int threadCount = 0)
    {
        configuration.Validate();
        IReadOnlyDictionary<string, string> names = StrictTensors.Match(source, configuration);
        return new(configuration, (name, destination) => source.ReadFloat32(names[name], destination), threadCount);
    }

    /// <summary>The model's shape.</summary>
    public RecurrentConfiguration Configuration { get; }

    /// <inheritdoc/>
    public int VocabularySize => Configuration.VocabularySize;

    /// <summary>Null: a state of fixed size stands for a past of any length.</summary>
    public int? ContextLength => null;

    private bool Lstm => Configuration.Cell == RecurrentCell.Lstm;

    /// <inheritdoc/>
    public LanguageModelState NewState() =>
        new RecurrentState(this, Configuration.LayerCount * Configuration.Cell.StateCount() * Configuration.HiddenWidth);

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
            Run(states, tokens, logits, selection, observer: null);
        }
    }

    /// <summary>Reads a text from a new state and keeps what every layer did at every step, to be looked at.</summary>
    /// <param name="tokens">At least one token.</param>
    /// <exception cref="ArgumentException">No tokens, or one outside the vocabulary.</exception>
    public RecurrentTrace Trace(IReadOnlyList<int> tokens)
    {
        RecurrentTrace trace = new(Configuration, tokens);
        using LanguageModelState state = NewState();
        LanguageModelState[] states = [state];
        ReadOnlyMemory<int>[] sequences = [tokens.ToArray()];
        lock (_oneCall)
        {
            Check(states, sequences, trace.AllLogits.Length, LogitsSelection.All);
            Run(states, sequences, trace.AllLogits, LogitsSelection.All, trace.Observe);
        }

        return trace;
    }

    /// <summary>Stops the threads.</summary>
    public void Dispose() => _pool.Dispose();

    private void Check(
        ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, int space, LogitsSelection selection)
    {
        for (int i = 0; i < states.Length; i++)
            if (states[i] is not RecurrentState state || state.Owner != this)
                throw new ArgumentException($"State {i} belongs to another model.");
        StateChecks.Advance(this, states, tokens, space, selection);
    }

    // The states are copied in and, when all is done, out: a failure changes none.
    private void Run(
        ReadOnlySpan<LanguageModelState> states,
        ReadOnlySpan<ReadOnlyMemory<int>> tokens,
        Span<float> logits,
        LogitsSelection selection,
        ActivationObserver? observer)
    {
        _schedule.Start(tokens);
        Exchange(states, gather: true);
        while (_schedule.TryNext(tokens, selection))
        {
            int rows = _schedule.Tokens.Length;
            Span<float> gates = Room(ref _gates, rows * _layers[0].GateWidth);
            Span<float> values = Room(ref _rows, rows * Configuration.HiddenWidth);
            _input.Project(_schedule.Tokens, gates, _pool);
            for (int layer = 0; layer < _layers.Length; layer++)
            {
                if (layer > 0)
                    _layers[layer].Project(values, rows, gates, _pool);
                Pass(layer, states.Length, gates, values, observer);
            }

            Output(values, logits);
        }

        Exchange(states, gather: false);
        for (int i = 0; i < states.Length; i++)
            ((RecurrentState)states[i]).Count(tokens[i].Length);
    }

    // One layer through the block's steps.
    private void Pass(int layer, int count, Span<float> gates, Span<float> values, ActivationObserver? observer)
    {
        RecurrentLayer cell = _layers[layer];
        int width = cell.Width, gateWidth = cell.GateWidth;
        Span<float> last = _hidden.AsSpan(layer * count * width, count * width);
        Span<float> memory = Lstm ? _memory.AsSpan(layer * count * width, count * width) : [];
        Span<float> scratch = Room(ref _scratch, _schedule.Steps[0] * cell.ScratchWidth);
        ReadOnlySpan<float> previous = last;
        int row = 0;
        for (int step = 0; step < _schedule.Steps.Length; step++)
        {
            int active = _schedule.Steps[step];
            Span<float> stepGates = gates.Slice(row * gateWidth, active * gateWidth);
            Span<float> hidden = values.Slice(row * width, active * width);
            Span<float> stepMemory = Lstm ? memory[..(active * width)] : [];
            cell.Step(active, stepGates, previous[..(active * width)], stepMemory, hidden, scratch, _pool);
            if (observer is not null)
            {
                observer(layer, "gates", stepGates);
                observer(layer, "memory", stepMemory);
                observer(layer, "hidden", hidden);
            }

            // The sequences that do not go on, in this block at least, leave their state behind.
            int next = step + 1 < _schedule.Steps.Length ? _schedule.Steps[step + 1] : 0;
            hidden[(next * width)..].CopyTo(last[(next * width)..]);
            previous = hidden;
            row += active;
        }
    }

    // The output projection of the wanted rows, run by run of neighbours in the result.
    private void Output(ReadOnlySpan<float> values, Span<float> logits)
    {
        int width = Configuration.HiddenWidth;
        ReadOnlySpan<(int Target, int Row)> selected = _schedule.Selected;
        Span<float> picked = Room(ref _picked, selected.Length * width);
        for (int i = 0; i < selected.Length; i++)
            values.Slice(selected[i].Row * width, width).CopyTo(picked[(i * width)..]);
        for (int start = 0, end; start < selected.Length; start = end)
        {
            end = start + 1;
            while (end < selected.Length && selected[end].Target == selected[end - 1].Target + 1)
                end++;
            int rows = end - start;
            _output.Apply(
                picked.Slice(start * width, rows * width),
                rows,
                logits.Slice(selected[start].Target * VocabularySize, rows * VocabularySize),
                _pool);
        }
    }

    // Working states are [layer, place, width], so that a step's rows lie together.
    private void Exchange(ReadOnlySpan<LanguageModelState> states, bool gather)
    {
        int width = Configuration.HiddenWidth, count = states.Length, parts = Configuration.Cell.StateCount();
        Span<float> hidden = Room(ref _hidden, _layers.Length * count * width);
        Span<float> memory = Lstm ? Room(ref _memory, hidden.Length) : [];
        for (int place = 0; place < count; place++)
        {
            Span<float> state = ((RecurrentState)states[_schedule.Order[place]]).Values;
            for (int part = 0; part < _layers.Length * parts; part++)
            {
                (int layer, int kind) = Math.DivRem(part, parts);
                Span<float> own = state.Slice(part * width, width);
                Span<float> working = (kind == 0 ? hidden : memory).Slice((layer * count + place) * width, width);
                if (gather)
                    own.CopyTo(working);
                else
                    working.CopyTo(own);
            }
        }
    }

    private static Span<float> Room(ref float[] space, int size)
    {
        if (space.Length < size)
            space = new float[size];
        return space.AsSpan(0, size);
    }
}
