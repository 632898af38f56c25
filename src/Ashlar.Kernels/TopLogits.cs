using System.Buffers;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>
/// The largest values of each row of A[m, k] B[k, n] + bias, and the logarithm of the sum of its exponentials, without the rows
/// themselves: with a vocabulary of 10^4 and more, writing all logits and reading them again costs as much as computing them.
/// Every value is the one that <see cref="Gemm"/> gives, and what a row gets depends neither on the rows beside it nor on the threads.
/// </summary>
public static class TopLogits
{
    // Columns are cut into chunks whose sums are kept apart and added in order, however threads share them.
    private const int ChunkPanels = 16;

    /// <summary>What each row holds of its chunk's sum: a register of the widest kind.</summary>
    private const int SumLanes = 16;

    /// <summary>Finds the largest values of each row.</summary>
    /// <param name="a">[m, k], row after row.</param>
    /// <param name="m">Rows.</param>
    /// <param name="b">[k, n].</param>
    /// <param name="bias">[n], or empty for none.</param>
    /// <param name="forbidden">[n], true where a value counts for the sum only; or empty.</param>
    /// <param name="count">Values wanted of each row.</param>
    /// <param name="indices">
    /// Receives [m, count], the largest first, of equals the one with the lower index. -1 where there is none: fewer are allowed, or they
    /// are minus infinity or NaN.
    /// </param>
    /// <param name="values">Receives [m, count].</param>
    /// <param name="totals">Receives [m] logarithms of the rows' sums of exponentials, as <see cref="LogSoftmax.LogSumExp"/>; or empty if they are not wanted.</param>
    /// <param name="pool">Threads to share the columns; null for the caller's alone.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static unsafe void Apply(
        ReadOnlySpan<float> a,
        int m,
        PackedMatrix b,
        ReadOnlySpan<float> bias,
        ReadOnlySpan<bool> forbidden,
        int count,
        Span<int> indices,
        Span<float> values,
        Span<double> totals,
        WorkerPool? pool = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Require.AtLeast(a.Length, (long)m * b.K);
        Require.AtLeast(indices.Length, (long)m * count);
        Require.AtLeast(values.Length, (long)m * count);
        if (!bias.IsEmpty)
            Require.SameLength(bias.Length, b.N);
        if (!forbidden.IsEmpty)
            Require.SameLength(forbidden.Length, b.N);
        if (!totals.IsEmpty)
            Require.AtLeast(totals.Length, m);
        if (m == 0)
            return;
        int chunks = (b.PanelCount + ChunkPanels - 1) / ChunkPanels;
        int pieces = pool is null || (long)m * b.N * b.K < Gemm.ParallelWork ? 1 : Math.Clamp(chunks, 1, pool.ThreadCount);
        float[] found = ArrayPool<float>.Shared.Rent(pieces * m * count);
        int[] places = ArrayPool<int>.Shared.Rent(pieces * m * count);
        float[] sums = totals.IsEmpty ? [] : ArrayPool<float>.Shared.Rent(chunks * m * (SumLanes + 1));
        fixed (float* left = a, right = b.Panels, shift = bias, foundStart = found, sumStart = sums)
        fixed (bool* never = forbidden)
        fixed (int* placeStart = places)
        {
            Task task = new(left, m, b.K, right, shift, never, b.N, count, foundStart, placeStart, sumStart);
            if (pieces == 1)
                task.Run(0, 0, chunks);
            else
                Share(task, pieces, chunks, pool!);
        }

        for (int row = 0; row < m; row++)
        {
            Merge(found, places, pieces, m, row, indices.Slice(row * count, count), values.Slice(row * count, count));
            if (!totals.IsEmpty)
                totals[row] = Total(sums, chunks, m, row);
        }

        ArrayPool<float>.Shared.Return(found);
        ArrayPool<int>.Shared.Return(places);
        if (sums.Length > 0)
            ArrayPool<float>.Shared.Return(sums);
    }

    // Apart from the above, so that one thread allocates no closure.
    private static void Share(Task task, int pieces, int chunks, WorkerPool pool) =>
        pool.For(pieces, piece => task.Run(piece, (int)((long)chunks * piece / pieces), (int)((long)chunks * (piece + 1) / pieces)));

    private static void Merge(float[] found, int[] places, int pieces, int m, int row, Span<int> indices, Span<float> values)
    {
        int count = indices.Length;
        places.AsSpan(row * count, count).CopyTo(indices);
        found.AsSpan(row * count, count).CopyTo(values);
        for (int piece = 1; piece < pieces; piece++)
        {
            int at = (piece * m + row) * count;
            for (int i = 0; i < count && places[at + i] >= 0 && found[at + i] > values[count - 1]; i++)
                Insert(values, indices, found[at + i], places[at + i]);
        }
    }

    private static double Total(float[] sums, int chunks, int m, int row)
    {
        float peak = float.NegativeInfinity;
        for (int chunk = 0; chunk < chunks; chunk++)
            peak = MathF.Max(peak, sums[(chunk * m + row) * (SumLanes + 1)]);
        if (float.IsPositiveInfinity(peak))
            return peak;
        double total = 0;
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            ReadOnlySpan<float> own = sums.AsSpan((chunk * m + row) * (SumLanes + 1), SumLanes + 1);
            double sum = 0;
            foreach (float lane in own[1..])
                sum += lane;
            total += sum == 0 ? 0 : sum * Math.Exp((double)Shift(own[0]) - Shift(peak));
        }

        return Shift(peak) + Math.Log(total);
    }

    // Exponentials are taken of what is left above the largest value so far; as long as that is minus infinity, of the values themselves.
    private static float Shift(float peak) => float.IsNegativeInfinity(peak) ? 0 : peak;

    // The lists are sorted, largest first, and a new value goes behind its equals.
    private static void Insert(Span<float> values, Span<int> indices, float value, int index)
    {
        int at = values.Length - 1;
        for (; at > 0 && !(values[at - 1] >= value); at--)
            (values[at], indices[at]) = (values[at - 1], indices[at - 1]);
        (values[at], indices[at]) = (value, index);
    }

    private readonly unsafe struct Task(
        float* a, int m, int k, float* panels, float* bias, bool* forbidden, int n, int count, float* found, int* places, float* sums)
    {
        // found and places: [piece, m, count]; sums: [chunk, m, largest so far and lanes of the sum].
        public void Run(int piece, int first, int end)
        {
            float* own = found + (long)piece * m * count;
            int* where = places + (long)piece * m * count;
            new Span<float>(own, m * count).Fill(float.NegativeInfinity);
            new Span<int>(where, m * count).Fill(-1);
            for (int chunk = first; chunk < end; chunk++)
            {
                float* sum = sums == null ? null : sums + (long)chunk * m * (SumLanes + 1);
                for (int row = 0; sum != null && row < m; row++)
                {
                    new Span<float>(sum + row * (SumLanes + 1), SumLanes + 1).Clear();
                    sum[row * (SumLanes + 1)] = float.NegativeInfinity;
                }

                if (Vector512.IsHardwareAccelerated)
                    Chunk<Lanes512>(chunk, own, where, sum);
                else if (Vector256.IsHardwareAccelerated)
                    Chunk<Lanes256>(chunk, own, where, sum);
                else
                    Chunk<Lanes128>(chunk, own, where, sum);
            }
        }

        private void Chunk<TLanes>(int chunk, float* own, int* where, float* sum)
            where TLanes : struct, ILanes<TLanes>
        {
            int panelCount = (n + PackedMatrix.PanelWidth - 1) / PackedMatrix.PanelWidth;
            int end = Math.Min(panelCount, (chunk + 1) * ChunkPanels);
            long panelSize = (long)k * PackedMatrix.PanelWidth;
            // As panels, these begin where cache lines do.
            byte* space = stackalloc byte[((4 + GemmTile.MaximumRows) * PackedMatrix.PanelWidth * sizeof(float)) + 64];
            float* start = (float*)(((nuint)space + 63) & ~(nuint)63);
            float* tile = start + (4 * PackedMatrix.PanelWidth);
            for (int panel = chunk * ChunkPanels; panel < end; panel++)
            {
                int column = panel * PackedMatrix.PanelWidth;
                if (m == 1 && panel + 4 <= end && column + 4 * PackedMatrix.PanelWidth <= n)
                {
                    Begin(start, column, 4 * PackedMatrix.PanelWidth, 4 * PackedMatrix.PanelWidth);
                    GemmTile.AccumulateFourPanels(a, panels + panel * panelSize, panelSize, k, start);
                    for (int i = 0; i < 4 * PackedMatrix.PanelWidth; i += PackedMatrix.PanelWidth)
                        Reduce<TLanes>(start + i, column + i, own, where, sum);
                    panel += 3;
                    continue;
                }

                // What is beyond the last column is minus infinity and counts for nothing.
                Begin(start, column, Math.Min(PackedMatrix.PanelWidth, n - column), PackedMatrix.PanelWidth);
                for (int row = 0, rows; row < m; row += rows)
                {
                    rows = GemmTile.RowsFor(m - row);
                    for (int i = 0; i < rows; i++)
                        new ReadOnlySpan<float>(start, PackedMatrix.PanelWidth).CopyTo(new Span<float>(tile + i * PackedMatrix.PanelWidth, PackedMatrix.PanelWidth));
                    GemmTile.Accumulate(rows, a + (long)row * k, k, 1, panels + panel * panelSize, k, tile, PackedMatrix.PanelWidth);
                    for (int i = 0; i < rows; i++)
                    {
                        int at = row + i;
                        Reduce<TLanes>(
                            tile + i * PackedMatrix.PanelWidth, column, own + at * count, where + at * count, sum == null ? null : sum + at * (SumLanes + 1));
                    }
                }
            }
        }

        private void Begin(float* start, int column, int columns, int width)
        {
            Span<float> values = new(start, columns);
            if (bias == null)
                values.Clear();
            else
                new ReadOnlySpan<float>(bias + column, columns).CopyTo(values);
            new Span<float>(start + columns, width - columns).Fill(float.NegativeInfinity);
        }

        // One row's next 32 values.
        private void Reduce<TLanes>(float* x, int column, float* own, int* where, float* sum)
            where TLanes : struct, ILanes<TLanes>
        {
            TLanes largest = TLanes.Load(ref *x);
            for (int i = TLanes.Count; i < PackedMatrix.PanelWidth; i += TLanes.Count)
                largest = TLanes.Max(largest, TLanes.Load(ref x[i]));
            if (sum != null)
                Add(x, largest, sum);
            // Not the largest's: a NaN would hide its neighbours.
            TLanes bound = TLanes.Broadcast(own[count - 1]);
            bool above = false;
            for (int i = 0; i < PackedMatrix.PanelWidth; i += TLanes.Count)
                above |= TLanes.AnyAbove(TLanes.Load(ref x[i]), bound);
            if (above)
                Take(x, column, own, where);
        }

        private static void Add<TLanes>(float* x, TLanes largest, float* sum)
            where TLanes : struct, ILanes<TLanes>
        {
            TLanes total = TLanes.Load(ref sum[1]);
            if (TLanes.AnyAbove(largest, TLanes.Broadcast(sum[0])))
            {
                float peak = Peak(x, sum[0]);
                // Below minus infinity nothing has been added.
                if (!float.IsNegativeInfinity(sum[0]))
                    total = TLanes.Multiply(total, TLanes.Broadcast(MathF.Exp(sum[0] - peak)));
                sum[0] = peak;
            }

            TLanes shift = TLanes.Broadcast(Shift(sum[0]));
            for (int i = 0; i < PackedMatrix.PanelWidth; i += TLanes.Count)
                total = TLanes.Add(total, TLanes.ExpBelowZero(TLanes.Subtract(TLanes.Load(ref x[i]), shift)));
            TLanes.Store(total, ref sum[1]);
        }

        private static float Peak(float* x, float peak)
        {
            for (int i = 0; i < PackedMatrix.PanelWidth; i++)
                if (x[i] > peak)
                    peak = x[i];
            return peak;
        }

        private void Take(float* x, int column, float* own, int* where)
        {
            Span<float> values = new(own, count);
            Span<int> indices = new(where, count);
            for (int i = 0; i < PackedMatrix.PanelWidth; i++)
                if (x[i] > values[^1] && (forbidden == null || !forbidden[column + i]))
                    Insert(values, indices, x[i], column + i);
        }
    }
}
