using System.Buffers;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ashlar.Kernels;

/// <summary>
/// The largest value of a row of A[m, k] B[k, n] + bias, without most of the product. B is kept a second time in eight bits, a scale for
/// each column, a quarter of what the product reads. A column's integer product and a bound of its error (Cauchy-Schwarz on what
/// rounding took from either side) tell the most that its value can be; where that is less than a value already known, nothing more
/// needs to be computed. The others are computed as <see cref="Gemm"/> computes them, so what is found is the largest of its values.
/// </summary>
public sealed class ScreenedArgmax
{
    /// <summary>Largest code of a weight or an activation.</summary>
    private const int LargestCode = 127;

    // Activations are bytes without a sign for the processor: their codes are moved up by this.
    private const int Shift = 128;

    // Values below this have code 0: products of scales then stay far from what a float cannot hold.
    private const float Smallest = 1e-12f;

    // Norms above this are left to the whole product: so do those of scales and norms.
    private const double Largest = 1e18;

    // If so many panels must be computed after all, the whole product is not dearer.
    private const int MostPanels = 8;

    private const int Width = PackedMatrix.PanelWidth;

    private readonly PackedMatrix _weight;
    private readonly float[] _bias;
    private readonly ScreenedPanels _panels;
    private readonly bool _usual = true;

    /// <summary>Makes the codes of a weight; they don't follow later changes of it.</summary>
    /// <param name="weight">[k, n].</param>
    /// <param name="bias">[n], or empty for none.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public ScreenedArgmax(PackedMatrix weight, ReadOnlySpan<float> bias)
    {
        if (!bias.IsEmpty)
            Require.SameLength(bias.Length, weight.N);
        (_weight, _bias, _panels) = (weight, bias.ToArray(), new ScreenedPanels(weight.K, weight.PanelCount));
        float[] values = new float[weight.K];
        sbyte[] codes = new sbyte[weight.K];
        // What sums in floats, here and in the product, are off by at most, for each unit of the norms' product and of the bias; twice that.
        double rounding = (weight.K + 16) * Math.Pow(2, -23);
        for (int column = 0; column < weight.N; column++)
        {
            weight.CopyColumn(column, values);
            double shift = bias.IsEmpty ? 0 : bias[column];
            float scale = Encode(values, codes, out double norm, out double own, out double lost);
            _usual &= norm <= Largest && !double.IsNaN(shift);
            double raised = double.IsInfinity(shift) ? shift : shift + (rounding * Math.Abs(shift)) + 1e-36;
            _panels.Set(column, codes, scale, (float)raised, Up(own), Up(lost + (rounding * (own + lost))));
        }
    }

    /// <summary>Whether the processor has the instructions that make this faster than the whole product.</summary>
    public static bool IsSupported => Avx2.IsSupported;

    /// <summary>Finds the largest value of each row.</summary>
    /// <param name="a">[m, k], row after row.</param>
    /// <param name="m">Rows.</param>
    /// <param name="forbidden">[n], true where a value does not count; or empty.</param>
    /// <param name="indices">Receives [m] columns, of equals the lowest; -1 where all are forbidden, minus infinity or NaN.</param>
    /// <param name="values">Receives [m] values, minus infinity where there is none.</param>
    /// <param name="pool">Threads to share the rows; null for the caller's alone.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public unsafe void Apply(ReadOnlySpan<float> a, int m, ReadOnlySpan<bool> forbidden, Span<int> indices, Span<float> values, WorkerPool? pool = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(m);
        Require.AtLeast(a.Length, (long)m * _weight.K);
        Require.AtLeast(indices.Length, m);
        Require.AtLeast(values.Length, m);
        if (!forbidden.IsEmpty)
            Require.SameLength(forbidden.Length, _weight.N);
        fixed (float* left = a, found = values)
        fixed (bool* never = forbidden)
        fixed (int* places = indices)
        {
            if (pool is null || pool.ThreadCount == 1 || m == 1)
            {
                for (int row = 0; row < m; row++)
                    places[row] = Find(left + ((long)row * _weight.K), never, out found[row]);
            }
            else
            {
                Share(left, m, never, places, found, pool);
            }
        }
    }

    // Apart from the above, so that one thread allocates no closure.
    private unsafe void Share(float* a, int m, bool* forbidden, int* indices, float* values, WorkerPool pool) =>
        pool.For(m, row => indices[row] = Find(a + ((long)row * _weight.K), forbidden, out values[row]));

    private unsafe int Find(float* a, bool* forbidden, out float value)
    {
        int k = _weight.K, count = _weight.PanelCount, index = -1;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(_panels.Depth + k);
        float[] bounds = ArrayPool<float>.Shared.Rent(count);
        value = float.NegativeInfinity;
        if (_usual && Bound(new ReadOnlySpan<float>(a, k), bytes, bounds.AsSpan(0, count)))
        {
            for (int tries = 0; ; tries++)
            {
                int panel = HighestOf(bounds.AsSpan(0, count));
                if (panel < 0 || bounds[panel] < value)
                    break;
                if (tries >= 2 + (count / MostPanels))
                {
                    index = Whole(a, forbidden, out value);
                    break;
                }

                Compute(panel, a, forbidden, ref index, ref value);
                bounds[panel] = float.NaN;
            }
        }
        else
        {
            index = Whole(a, forbidden, out value);
        }

        ArrayPool<byte>.Shared.Return(bytes);
        ArrayPool<float>.Shared.Return(bounds);
        return index;
    }

    // The most that a value of each panel can be; false if there is no telling.
    private bool Bound(ReadOnlySpan<float> a, byte[] bytes, Span<float> bounds)
    {
        Span<sbyte> codes = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, sbyte>(bytes.AsSpan(_panels.Depth, a.Length));
        float scale = Encode(a, codes, out double norm, out _, out double lost);
        if (!(norm <= Largest))
            return false;
        Span<byte> shifted = bytes.AsSpan(0, _panels.Depth);
        for (int i = 0; i < codes.Length; i++)
            shifted[i] = (byte)(codes[i] + Shift);
        shifted[codes.Length..].Fill(Shift);
        _panels.Bound(shifted, scale, Up(lost), Up(norm + lost), bounds);
        return true;
    }

    // The panel's values as the product has them.
    private unsafe void Compute(int panel, float* a, bool* forbidden, ref int index, ref float value)
    {
        float* tile = stackalloc float[Width];
        int first = panel * Width, columns = Math.Min(Width, _weight.N - first);
        Span<float> values = new(tile, Width);
        values.Clear();
        if (_bias.Length > 0)
            _bias.AsSpan(first, columns).CopyTo(values);
        fixed (float* right = _weight.Panels)
            GemmTile.Accumulate(1, a, _weight.K, 1, right + ((long)first * _weight.K), _weight.K, tile, Width);
        for (int i = 0; i < columns; i++)
        {
            if ((tile[i] > value || (tile[i] == value && index >= 0 && first + i < index)) && (forbidden == null || !forbidden[first + i]))
                (index, value) = (first + i, tile[i]);
        }
    }

    private unsafe int Whole(float* a, bool* forbidden, out float value)
    {
        int index = -1;
        value = float.NegativeInfinity;
        TopLogits.Apply(
            new ReadOnlySpan<float>(a, _weight.K),
            1,
            _weight,
            _bias,
            new ReadOnlySpan<bool>(forbidden, forbidden == null ? 0 : _weight.N),
            1,
            new Span<int>(ref index),
            new Span<float>(ref value),
            []);
        return index;
    }

    // The first panel with the largest bound; -1 if none is above minus infinity.
    private static int HighestOf(ReadOnlySpan<float> bounds)
    {
        int best = -1;
        float highest = float.NegativeInfinity;
        for (int i = 0; i < bounds.Length; i++)
            if (bounds[i] > highest)
                (best, highest) = (i, bounds[i]);
        return best;
    }

    // Codes and the scale that multiplies them; the norms of the values, of the scaled codes, and of the difference.
    private static float Encode(ReadOnlySpan<float> values, Span<sbyte> codes, out double norm, out double own, out double lost)
    {
        float largest = 0;
        foreach (float value in values)
            largest = MathF.Max(largest, MathF.Abs(value));
        float scale = largest >= Smallest && largest <= Largest ? largest / LargestCode : 0, inverse = scale == 0 ? 0 : 1 / scale;
        double squares = 0, losses = 0;
        long codeSquares = 0;
        for (int i = 0; i < values.Length; i++)
        {
            int code = scale == 0 ? 0 : Math.Clamp((int)MathF.Round(values[i] * inverse), -LargestCode, LargestCode);
            codes[i] = (sbyte)code;
            codeSquares += code * code;
            double difference = values[i] - ((double)scale * code);
            squares += (double)values[i] * values[i];
            losses += difference * difference;
        }

        (norm, own, lost) = (Math.Sqrt(squares), scale * Math.Sqrt(codeSquares), Math.Sqrt(losses));
        return scale;
    }

    // A float that is no less, and makes up for the rounding of what it is multiplied with.
    private static float Up(double value) => (float)(value * (1 + 1e-5)) + float.Epsilon;
}
