namespace Ashlar.Kernels;

/// <summary>
/// Matrix product C[m, n] = A[m, k] B[k, n] (+ bias). Every element is summed over k in the same order, one fused
/// multiplication after another, whatever m is, so a row's result does not depend on the rows computed beside it
/// (on machines with the same instruction set): a batch gives bit for bit what its sequences give alone.
/// </summary>
public static class Gemm
{
    // k is cut so that a panel's part (32 * 4 * 256 bytes) stays in the first-level cache while the rows of A pass.
    private const int InnerBlock = 256;

    // Below this many multiplications a second thread costs more than it brings.
    internal const long ParallelWork = 1 << 17;

    /// <summary>C = A B + bias, with B packed.</summary>
    /// <param name="a">[m, k], row after row.</param>
    /// <param name="m">Rows.</param>
    /// <param name="b">[k, n].</param>
    /// <param name="bias">[n], or empty for none.</param>
    /// <param name="c">Receives [m, n], row after row.</param>
    /// <param name="pool">Threads to share the columns; null for the caller's alone.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static void Multiply(
        ReadOnlySpan<float> a,
        int m,
        PackedMatrix b,
        ReadOnlySpan<float> bias,
        Span<float> c,
        WorkerPool? pool = null) =>
        Compute(a, m, b, bias, c, accumulate: false, pool);

    /// <summary>C += A B, with B packed.</summary>
    /// <param name="a">[m, k], row after row.</param>
    /// <param name="m">Rows.</param>
    /// <param name="b">[k, n].</param>
    /// <param name="c">[m, n], row after row: what is added to.</param>
    /// <param name="pool">Threads to share the columns; null for the caller's alone.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static void Accumulate(ReadOnlySpan<float> a, int m, PackedMatrix b, Span<float> c, WorkerPool? pool = null) =>
        Compute(a, m, b, [], c, accumulate: true, pool);

    /// <summary>C = A B^T, with B as [n, k]: both operands' rows are the inner products' operands.</summary>
    /// <param name="a">[m, k].</param>
    /// <param name="b">[n, k].</param>
    /// <param name="c">Receives [m, n].</param>
    /// <param name="m">Rows of A.</param>
    /// <param name="n">Rows of B.</param>
    /// <param name="k">Length of the inner products.</param>
    /// <param name="pool">Threads to share the columns; null for the caller's alone.</param>
    public static void MultiplyTransposed(
        ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int m, int n, int k, WorkerPool? pool = null) =>
        Multiply(a, m, PackedMatrix.FromOutputRows(b, n, k), [], c, pool);

    /// <summary>C = A B, with B as [k, n].</summary>
    /// <param name="a">[m, k].</param>
    /// <param name="b">[k, n].</param>
    /// <param name="c">Receives [m, n].</param>
    /// <param name="m">Rows of A.</param>
    /// <param name="n">Columns of B.</param>
    /// <param name="k">Length of the inner products.</param>
    /// <param name="pool">Threads to share the columns; null for the caller's alone.</param>
    public static void Multiply(
        ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int m, int n, int k, WorkerPool? pool = null) =>
        Multiply(a, m, PackedMatrix.FromInputRows(b, k, n), [], c, pool);

    internal static void Scalar(
        ReadOnlySpan<float> a, int m, ReadOnlySpan<float> b, int n, int k, ReadOnlySpan<float> bias, Span<float> c)
    {
        for (int row = 0; row < m; row++)
        {
            for (int column = 0; column < n; column++)
            {
                float sum = bias.IsEmpty ? 0 : bias[column];
                for (int i = 0; i < k; i++)
                    sum += a[row * k + i] * b[i * n + column];
                c[row * n + column] = sum;
            }
        }
    }

    private static unsafe void Compute(
        ReadOnlySpan<float> a, int m, PackedMatrix b, ReadOnlySpan<float> bias, Span<float> c, bool accumulate, WorkerPool? pool)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        (int k, int n) = (b.K, b.N);
        Require.AtLeast(a.Length, (long)m * k);
        Require.AtLeast(c.Length, (long)m * n);
        if (!bias.IsEmpty)
            Require.SameLength(bias.Length, n);
        if (m == 0 || n == 0)
            return;
        fixed (float* left = a, right = b.Panels, shift = bias, result = c)
        {
            Task task = new(left, m, k, right, shift, result, n, accumulate);
            if (pool is null || pool.ThreadCount == 1 || (long)m * n * k < ParallelWork)
                task.Run(0, b.PanelCount);
            else
                Share(task, b.PanelCount, pool);
        }
    }

    // Apart from the above, so that a product of one thread allocates no closure.
    private static void Share(Task task, int panels, WorkerPool pool)
    {
        // A few pieces a thread, so that one that is held up does not hold up all.
        int pieces = Math.Min(panels, 4 * pool.ThreadCount);
        pool.For(pieces, piece => task.Run(
            (int)((long)panels * piece / pieces), (int)((long)panels * (piece + 1) / pieces)));
    }

    private readonly unsafe struct Task(float* a, int m, int k, float* panels, float* bias, float* c, int n, bool accumulate)
    {
        public void Run(int first, int end)
        {
            float* edge = stackalloc float[GemmTile.MaximumRows * PackedMatrix.PanelWidth];
            for (int panel = first; panel < end; panel++)
            {
                int column = panel * PackedMatrix.PanelWidth;
                if (m == 1 && panel + 4 <= end && column + 4 * PackedMatrix.PanelWidth <= n)
                {
                    long panelSize = (long)k * PackedMatrix.PanelWidth;
                    Begin(c + column, 1, column, 4 * PackedMatrix.PanelWidth);
                    GemmTile.AccumulateFourPanels(a, panels + panel * panelSize, panelSize, k, c + column);
                    panel += 3;
                    continue;
                }

                int columns = Math.Min(PackedMatrix.PanelWidth, n - column);
                float* b = panels + (long)panel * k * PackedMatrix.PanelWidth;
                for (int inner = 0; inner == 0 || inner < k; inner += InnerBlock)
                {
                    int depth = Math.Min(InnerBlock, k - inner);
                    bool start = inner == 0;
                    for (int row = 0; row < m;)
                    {
                        int rows = GemmTile.RowsFor(m - row);
                        float* target = c + (long)row * n + column;
                        if (start)
                            Begin(target, rows, column, columns);
                        float* left = a + (long)row * k + inner;
                        float* right = b + (long)inner * PackedMatrix.PanelWidth;
                        if (columns == PackedMatrix.PanelWidth)
                        {
                            GemmTile.Accumulate(rows, left, k, 1, right, depth, target, n);
                        }
                        else
                        {
                            Copy(target, n, edge, PackedMatrix.PanelWidth, rows, columns);
                            GemmTile.Accumulate(rows, left, k, 1, right, depth, edge, PackedMatrix.PanelWidth);
                            Copy(edge, PackedMatrix.PanelWidth, target, n, rows, columns);
                        }

                        row += rows;
                    }
                }
            }
        }

        private void Begin(float* target, int rows, int column, int columns)
        {
            if (accumulate)
                return;
            if (columns == PackedMatrix.PanelWidth && bias != null)
            {
                // A constant length is a few moves, not a call.
                for (int row = 0; row < rows; row++)
                    new ReadOnlySpan<float>(bias + column, PackedMatrix.PanelWidth).CopyTo(new Span<float>(target + (long)row * n, PackedMatrix.PanelWidth));
                return;
            }

            for (int row = 0; row < rows; row++)
            {
                Span<float> values = new(target + (long)row * n, columns);
                if (bias == null)
                    values.Clear();
                else
                    new ReadOnlySpan<float>(bias + column, columns).CopyTo(values);
            }
        }

        private static void Copy(float* source, int sourceStride, float* target, int targetStride, int rows, int columns)
        {
            for (int row = 0; row < rows; row++)
                new ReadOnlySpan<float>(source + (long)row * sourceStride, columns)
                    .CopyTo(new Span<float>(target + (long)row * targetStride, columns));
        }
    }
}
