using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>Element-wise sums: residual connections and biases.</summary>
public static class Addition
{
    /// <summary>destination[i] += addend[i].</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Accumulate(Span<float> destination, ReadOnlySpan<float> addend)
    {
        Require.SameLength(destination.Length, addend.Length);
        int done = 0;
        if (Vector512.IsHardwareAccelerated && addend.Length >= Lanes512.Count)
            done = Vector<Lanes512>(destination, addend);
        else if (Vector256.IsHardwareAccelerated && addend.Length >= Lanes256.Count)
            done = Vector<Lanes256>(destination, addend);
        else if (Vector128.IsHardwareAccelerated && addend.Length >= Lanes128.Count)
            done = Vector<Lanes128>(destination, addend);
        Scalar(destination[done..], addend[done..]);
    }

    internal static void Scalar(Span<float> destination, ReadOnlySpan<float> addend)
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] += addend[i];
    }

    private static int Vector<TLanes>(Span<float> destination, ReadOnlySpan<float> addend)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float d = ref MemoryMarshal.GetReference(destination);
        ref float a = ref MemoryMarshal.GetReference(addend);
        int i = 0;
        for (; i <= addend.Length - TLanes.Count; i += TLanes.Count)
        {
            TLanes sum = TLanes.Add(TLanes.Load(ref Unsafe.Add(ref d, i)), TLanes.Load(ref Unsafe.Add(ref a, i)));
            TLanes.Store(sum, ref Unsafe.Add(ref d, i));
        }

        return i;
    }
}
