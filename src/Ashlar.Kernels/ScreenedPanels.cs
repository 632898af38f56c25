using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Ashlar.Kernels;

/// <summary>
/// A weight's codes in eight bits, laid out as the integer products read them, panels of 32 columns as in <see cref="PackedMatrix"/>
/// and in each of them four values of a column side by side; and what bounds the error of each column's product.
/// </summary>
internal sealed unsafe class ScreenedPanels
{
    private const int Width = PackedMatrix.PanelWidth;

    // Values of a column that one 32-bit lane multiplies and adds.
    private const int Group = 4;

    // Scale, bias, norm of the scaled codes, norm of what they lack.
    private const int Terms = 4;

    private const int LineLength = 64;

    private readonly sbyte[] _codes;
    private readonly int _start;
    private readonly float[] _terms;
    private readonly int[] _starts;
    private readonly int _count;

    public ScreenedPanels(int k, int count)
    {
        Depth = (k + Group - 1) / Group * Group;
        _count = count;
        _codes = GC.AllocateArray<sbyte>(checked((count * Depth * Width) + LineLength), pinned: true);
        _start = (int)((LineLength - ((nuint)Marshal.UnsafeAddrOfPinnedArrayElement(_codes, 0) % LineLength)) % LineLength);
        _terms = new float[count * Terms * Width];
        _starts = new int[count * Width];
        // Columns that only fill the last panel up can be no largest.
        for (int panel = 0; panel < count; panel++)
            _terms.AsSpan(((panel * Terms) + 1) * Width, Width).Fill(float.NegativeInfinity);
    }

    /// <summary>Length of the inner products, filled up to whole groups.</summary>
    public int Depth { get; }

    /// <param name="column">The column.</param>
    /// <param name="codes">[k].</param>
    /// <param name="scale">What the codes are multiplied by.</param>
    /// <param name="bias">Added to the product, with what rounding can take.</param>
    /// <param name="norm">No less than the norm of the scaled codes.</param>
    /// <param name="lost">No less than the norm of what they lack, with what rounding can take.</param>
    public void Set(int column, ReadOnlySpan<sbyte> codes, float scale, float bias, float norm, float lost)
    {
        (int panel, int lane) = Math.DivRem(column, Width);
        Span<sbyte> own = _codes.AsSpan(_start + (panel * Depth * Width), Depth * Width);
        int sum = 0;
        for (int i = 0; i < codes.Length; i++)
        {
            own[(i / Group * Width * Group) + (lane * Group) + (i % Group)] = codes[i];
            sum += codes[i];
        }

        // The activations' codes are 128 too high.
        _starts[column] = -128 * sum;
        Span<float> terms = _terms.AsSpan(panel * Terms * Width, Terms * Width);
        (terms[lane], terms[Width + lane], terms[(2 * Width) + lane], terms[(3 * Width) + lane]) = (scale, bias, norm, lost);
    }

    /// <summary>The most that a value of each panel can be.</summary>
    /// <param name="codes">[depth]: the activations' codes, each 128 too high.</param>
    /// <param name="scale">What they are multiplied by.</param>
    /// <param name="lost">No less than the norm of what they lack.</param>
    /// <param name="norm">No less than the norms of the activations and of the scaled codes.</param>
    /// <param name="bounds">Receives [panels].</param>
    public void Bound(ReadOnlySpan<byte> codes, float scale, float lost, float norm, Span<float> bounds)
    {
        int* sums = stackalloc int[Width];
        fixed (byte* x = codes)
        fixed (sbyte* w = _codes)
        fixed (float* terms = _terms)
        fixed (int* starts = _starts)
        {
            for (int panel = 0; panel < _count; panel++)
            {
                sbyte* own = w + _start + ((long)panel * Depth * Width);
                int* start = starts + (panel * Width);
                if (AvxVnni.IsSupported)
                    Vnni(x, own, Depth, start, sums);
                else if (Avx2.IsSupported)
                    Pairs(x, own, Depth, start, sums);
                else
                    Scalar(x, own, Depth, start, sums);
                bounds[panel] = Highest(sums, terms + (panel * Terms * Width), scale, lost, norm);
            }
        }
    }

    /// <summary>sums[32] = starts + x . w, by instructions that multiply and add four bytes a lane.</summary>
    internal static void Vnni(byte* x, sbyte* w, int depth, int* starts, int* sums)
    {
        Vector256<int> s0 = Vector256.Load(starts), s1 = Vector256.Load(starts + 8), s2 = Vector256.Load(starts + 16), s3 = Vector256.Load(starts + 24);
        for (int i = 0; i < depth; i += Group, w += Group * Width)
        {
            Vector256<byte> four = Vector256.Create(*(int*)(x + i)).AsByte();
            s0 = AvxVnni.MultiplyWideningAndAdd(s0, four, Vector256.Load(w));
            s1 = AvxVnni.MultiplyWideningAndAdd(s1, four, Vector256.Load(w + 32));
            s2 = AvxVnni.MultiplyWideningAndAdd(s2, four, Vector256.Load(w + 64));
            s3 = AvxVnni.MultiplyWideningAndAdd(s3, four, Vector256.Load(w + 96));
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);
    }

    /// <summary>The same with bytes widened to 16 bits, the even ones and the odd ones: products of bytes added in 16 bits would saturate.</summary>
    internal static void Pairs(byte* x, sbyte* w, int depth, int* starts, int* sums)
    {
        Vector256<int> s0 = Vector256.Load(starts), s1 = Vector256.Load(starts + 8), s2 = Vector256.Load(starts + 16), s3 = Vector256.Load(starts + 24);
        for (int i = 0; i < depth; i += Group, w += Group * Width)
        {
            int four = *(int*)(x + i);
            Vector256<short> even = Vector256.Create(four & 0x00FF00FF).AsInt16(), odd = Vector256.Create((four >> 8) & 0x00FF00FF).AsInt16();
            s0 = Add(s0, w, even, odd);
            s1 = Add(s1, w + 32, even, odd);
            s2 = Add(s2, w + 64, even, odd);
            s3 = Add(s3, w + 96, even, odd);
        }

        s0.Store(sums);
        s1.Store(sums + 8);
        s2.Store(sums + 16);
        s3.Store(sums + 24);

        static Vector256<int> Add(Vector256<int> sum, sbyte* w, Vector256<short> even, Vector256<short> odd)
        {
            Vector256<short> both = Vector256.Load((short*)w);
            Vector256<int> first = Avx2.MultiplyAddAdjacent(Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(both, 8), 8), even);
            return sum + first + Avx2.MultiplyAddAdjacent(Vector256.ShiftRightArithmetic(both, 8), odd);
        }
    }

    /// <summary>What the others compute.</summary>
    internal static void Scalar(byte* x, sbyte* w, int depth, int* starts, int* sums)
    {
        for (int column = 0; column < Width; column++)
        {
            int sum = starts[column];
            for (int i = 0; i < depth; i++)
                sum += x[i] * w[(i / Group * Width * Group) + (column * Group) + (i % Group)];
            sums[column] = sum;
        }
    }

    private static float Highest(int* sums, float* terms, float scale, float lost, float norm)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> scales = Vector256.Create(scale), losses = Vector256.Create(lost), norms = Vector256.Create(norm);
            Vector256<float> highest = Vector256.Create(float.NegativeInfinity);
            for (int i = 0; i < Width; i += Vector256<float>.Count)
            {
                Vector256<float> value = Vector256.MultiplyAddEstimate(
                    Vector256.ConvertToSingle(Vector256.Load(sums + i)), scales * Vector256.Load(terms + i), Vector256.Load(terms + Width + i));
                Vector256<float> error = Vector256.MultiplyAddEstimate(losses, Vector256.Load(terms + (2 * Width) + i), norms * Vector256.Load(terms + (3 * Width) + i));
                highest = Vector256.Max(highest, value + error);
            }

            return Lanes256.Largest(new Lanes256(highest));
        }

        float best = float.NegativeInfinity;
        for (int i = 0; i < Width; i++)
            best = MathF.Max(best, (sums[i] * (scale * terms[i])) + terms[Width + i] + (lost * terms[(2 * Width) + i]) + (norm * terms[(3 * Width) + i]));
        return best;
    }
}
