using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The inner product of two vectors.</summary>
public static class Dot
{
    /// <summary>Sum of a[i] * b[i].</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static float Product(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Require.SameLength(a.Length, b.Length);
        if (Vector512.IsHardwareAccelerated && a.Length >= Lanes512.Count)
            return Vector<Lanes512>(a, b);
        if (Vector256.IsHardwareAccelerated && a.Length >= Lanes256.Count)
            return Vector<Lanes256>(a, b);
        if (Vector128.IsHardwareAccelerated && a.Length >= Lanes128.Count)
            return Vector<Lanes128>(a, b);
        return Scalar(a, b);
    }

    internal static float Scalar(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private static float Vector<TLanes>(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float left = ref MemoryMarshal.GetReference(a);
        ref float right = ref MemoryMarshal.GetReference(b);
        // Four sums hide the latency of the addition.
        TLanes sum0 = TLanes.Zero, sum1 = TLanes.Zero, sum2 = TLanes.Zero, sum3 = TLanes.Zero;
        int i = 0, width = TLanes.Count;
        for (; i <= a.Length - 4 * width; i += 4 * width)
        {
            sum0 = At(i, sum0, ref left, ref right);
            sum1 = At(i + width, sum1, ref left, ref right);
            sum2 = At(i + 2 * width, sum2, ref left, ref right);
            sum3 = At(i + 3 * width, sum3, ref left, ref right);
        }

        for (; i <= a.Length - width; i += width)
            sum0 = At(i, sum0, ref left, ref right);
        float sum = TLanes.Sum(TLanes.Add(TLanes.Add(sum0, sum1), TLanes.Add(sum2, sum3)));
        for (; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static TLanes At(int i, TLanes sum, ref float left, ref float right) =>
            TLanes.MultiplyAdd(TLanes.Load(ref Unsafe.Add(ref left, i)), TLanes.Load(ref Unsafe.Add(ref right, i)), sum);
    }
}
