using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Inference.Models.Recurrent;

/// <summary>What a recurrent network did while it read a text: the network unrolled over its tokens.</summary>
public sealed class RecurrentTrace
{
    private readonly RecurrentConfiguration _configuration;
    private readonly float[][] _gates;
    private readonly float[][] _memory;
    private readonly float[][] _hidden;
    private readonly int[] _filled;

    internal RecurrentTrace(RecurrentConfiguration configuration, IReadOnlyList<int> tokens)
    {
        _configuration = configuration;
        Tokens = tokens;
        int width = configuration.HiddenWidth, layers = configuration.LayerCount;
        _gates = [.. Enumerable.Range(0, layers).Select(_ => new float[tokens.Count * configuration.Cell.GateCount() * width])];
        _hidden = [.. Enumerable.Range(0, layers).Select(_ => new float[tokens.Count * width])];
        _memory = [.. Enumerable.Range(0, layers).Select(_ => new float[configuration.Cell == RecurrentCell.Lstm ? tokens.Count * width : 0])];
        _filled = new int[3 * layers];
        AllLogits = new float[tokens.Count * configuration.VocabularySize];
    }

    /// <summary>The tokens read.</summary>
    public IReadOnlyList<int> Tokens { get; }

    /// <summary>Number of layers.</summary>
    public int LayerCount => _configuration.LayerCount;

    /// <summary>
    /// The gates in their order: input, forget, candidate, output of an LSTM; reset, update, candidate of a GRU; none of an
    /// Elman network, whose only activation is its hidden state.
    /// </summary>
    public IReadOnlyList<string> GateNames => _configuration.Cell switch
    {
        RecurrentCell.Lstm => ["input", "forget", "candidate", "output"],
        RecurrentCell.Gru => ["reset", "update", "candidate"],
        _ => [],
    };

    internal float[] AllLogits { get; }

    /// <summary>Activation of one gate after a token: [hidden], from 0 to 1, candidates from -1 to 1.</summary>
    public ReadOnlySpan<float> Gate(int layer, int gate, int step)
    {
        int width = _configuration.HiddenWidth;
        ArgumentOutOfRangeException.ThrowIfNegative(gate);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(gate, GateNames.Count);
        return _gates[layer].AsSpan((step * GateNames.Count + gate) * width, width);
    }

    /// <summary>Hidden state of a layer after a token: [hidden].</summary>
    public ReadOnlySpan<float> Hidden(int layer, int step) => Step(_hidden[layer], step);

    /// <summary>Cell state of an LSTM's layer after a token: [hidden]; empty of other cells.</summary>
    public ReadOnlySpan<float> Memory(int layer, int step) => _memory[layer].Length == 0 ? [] : Step(_memory[layer], step);

    /// <summary>Logits of the token after a token: [vocabulary].</summary>
    public ReadOnlySpan<float> Logits(int step) =>
        AllLogits.AsSpan(step * _configuration.VocabularySize, _configuration.VocabularySize);

    internal void Observe(int layer, string name, ReadOnlySpan<float> values)
    {
        (int kind, float[] store) = name switch
        {
            "gates" => (0, _gates[layer]),
            "memory" => (1, _memory[layer]),
            _ => (2, _hidden[layer]),
        };
        ref int filled = ref _filled[3 * layer + kind];
        values.CopyTo(store.AsSpan(filled));
        filled += values.Length;
    }

    private ReadOnlySpan<float> Step(float[] values, int step) =>
        values.AsSpan(step * _configuration.HiddenWidth, _configuration.HiddenWidth);
}
