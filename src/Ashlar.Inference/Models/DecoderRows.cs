namespace Ashlar.Inference.Models;

/// <summary>
/// The tokens that go through the graph together, of one sequence or of many: one row each. Matrix products take all
/// rows at once; attention takes each row over its own sequence's cache.
/// </summary>
internal sealed class DecoderRows
{
    private readonly List<(KeyValueCache Cache, int Position, int Token)> _rows = [];

    public int Count => _rows.Count;

    /// <summary>Cosines of the rotary angles, [rows, headWidth / 2]; empty without rotary positions.</summary>
    public float[] Cosines { get; private set; } = [];

    /// <summary>Sines of the rotary angles, [rows, headWidth / 2]; empty without rotary positions.</summary>
    public float[] Sines { get; private set; } = [];

    public KeyValueCache Cache(int row) => _rows[row].Cache;

    /// <summary>Index of the row's token in its sequence.</summary>
    public int Position(int row) => _rows[row].Position;

    public int Token(int row) => _rows[row].Token;

    public void Clear() => _rows.Clear();

    public void Add(KeyValueCache cache, int position, int token) => _rows.Add((cache, position, token));

    /// <summary>Computes the angles of every row.</summary>
    public void Rotate(double[] frequencies)
    {
        int half = frequencies.Length;
        if (Cosines.Length < Count * half)
            (Cosines, Sines) = (new float[Count * half], new float[Count * half]);
        for (int row = 0; row < Count; row++)
            Kernels.Rope.Angles(frequencies, Position(row), Cosines.AsSpan(row * half, half), Sines.AsSpan(row * half, half));
    }
}
