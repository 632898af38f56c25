namespace Ashlar.Kernels;

/// <summary>
/// The right-hand side of a matrix product, [k, n], laid out as the product reads it: panels of 32 columns, each with its
/// k rows one after another, the last panel filled up with zeros. A weight is packed once, when it is loaded.
/// </summary>
public sealed class PackedMatrix
{
    /// <summary>Columns of a panel: two 512-bit registers.</summary>
    internal const int PanelWidth = 32;

    // Floats of a cache line.
    private const int LineLength = 16;

    private readonly float[] _values;
    private readonly int _start;

    private PackedMatrix(int k, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfNegative(n);
        K = k;
        N = n;
        long size = (long)PanelCount * k * PanelWidth;
        if (size > Array.MaxLength)
            throw new ArgumentException($"A matrix of {k} x {n} is larger than an array can be.");
        // A register that lies across two cache lines costs two reads: panels begin where lines do.
        _values = GC.AllocateUninitializedArray<float>((int)Math.Min(Array.MaxLength, size + LineLength), pinned: true);
        _start = Math.Min(AlignedStart(_values), _values.Length - (int)size);
    }

    /// <summary>Rows: the length of the inner products.</summary>
    public int K { get; }

    /// <summary>Columns: the width of the result.</summary>
    public int N { get; }

    /// <summary>Panels of <see cref="PanelWidth"/> columns, the last perhaps partly zeros.</summary>
    internal int PanelCount => (N + PanelWidth - 1) / PanelWidth;

    /// <summary>[panel, k, <see cref="PanelWidth"/>].</summary>
    internal Span<float> Panels => _values.AsSpan(_start, PanelCount * K * PanelWidth);

    /// <summary>Packs a weight that lies as [n, k], one row for each output: the layout of linear layers.</summary>
    /// <exception cref="ArgumentException">The span is not n * k long.</exception>
    public static PackedMatrix FromOutputRows(ReadOnlySpan<float> weight, int n, int k)
    {
        CheckSize(weight.Length, n, k);
        PackedMatrix packed = new(k, n);
        packed.SetOutputRows(weight);
        return packed;
    }

    /// <summary>Packs other values of the same size, [n, k], into the same memory: weights that training has changed.</summary>
    /// <exception cref="ArgumentException">The span is not n * k long.</exception>
    public void SetOutputRows(ReadOnlySpan<float> weight)
    {
        CheckSize(weight.Length, N, K);
        for (int panel = 0; panel < PanelCount; panel++)
        {
            Span<float> target = Panel(panel);
            int columns = Math.Min(PanelWidth, N - panel * PanelWidth);
            if (columns < PanelWidth)
                target.Clear();
            for (int column = 0; column < columns; column++)
            {
                ReadOnlySpan<float> row = weight.Slice((panel * PanelWidth + column) * K, K);
                for (int i = 0, at = column; i < row.Length; i++, at += PanelWidth)
                    target[at] = row[i];
            }
        }
    }

    /// <summary>Packs a weight that lies as [k, n], one row for each input: the layout of GPT-2's Conv1D.</summary>
    /// <exception cref="ArgumentException">The span is not k * n long.</exception>
    public static PackedMatrix FromInputRows(ReadOnlySpan<float> weight, int k, int n)
    {
        CheckSize(weight.Length, k, n);
        PackedMatrix packed = new(k, n);
        packed.SetInputRows(weight);
        return packed;
    }

    /// <summary>Packs other values of the same size, [k, n], into the same memory: weights that training has changed.</summary>
    /// <exception cref="ArgumentException">The span is not k * n long.</exception>
    public void SetInputRows(ReadOnlySpan<float> weight)
    {
        CheckSize(weight.Length, K, N);
        for (int panel = 0; panel < PanelCount; panel++)
        {
            Span<float> target = Panel(panel);
            int columns = Math.Min(PanelWidth, N - panel * PanelWidth);
            if (columns < PanelWidth)
                target.Clear();
            for (int i = 0; i < K; i++)
                weight.Slice(i * N + panel * PanelWidth, columns).CopyTo(target[(i * PanelWidth)..]);
        }
    }

    /// <summary>Copies one column, [k]: one output's weights, such as a token's row of a tied embedding.</summary>
    public void CopyColumn(int column, Span<float> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(column);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(column, N);
        Require.AtLeast(destination.Length, K);
        ReadOnlySpan<float> panel = Panel(column / PanelWidth);
        for (int i = 0, at = column % PanelWidth; i < K; i++, at += PanelWidth)
            destination[i] = panel[at];
    }

    // The array is pinned, so that it stays where this is true.
    private static unsafe int AlignedStart(float[] values)
    {
        fixed (float* first = values)
            return (int)((LineLength * sizeof(float) - ((nuint)first % (LineLength * sizeof(float)))) % (LineLength * sizeof(float)) / sizeof(float));
    }

    private Span<float> Panel(int panel) => Panels.Slice(panel * K * PanelWidth, K * PanelWidth);

    private static void CheckSize(int length, int rows, int columns)
    {
        if (length != (long)rows * columns)
            throw new ArgumentException($"A matrix of {rows} x {columns} has {(long)rows * columns} values, not {length}.");
    }
}
