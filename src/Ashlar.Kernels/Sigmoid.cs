using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The logistic function: the gates of recurrent cells.</summary>
public static class Sigmoid
{
    /// <summary>values[i] = 1 / (1 + exp(-values[i])), in place.</summary>
    public static void Apply(Span<float> values)
    {
        int done = 0;
        if (Vector512.IsHardwareAccelerated && values.Length >= Lanes512.Count)
            done = Vector<Lanes512>(values);
        else if (Vector256.IsHardwareAccelerated && values.Length >= Lanes256.Count)
            done = Vector<Lanes256>(values);
        else if (Vector128.IsHardwareAccelerated && values.Length >= Lanes128.Count)
            done = Vector<Lanes128>(values);
        for (int i = done; i < values.Length; i++)
            values[i] = Scalar(values[i]);
    }

    internal static float Scalar(float x) => 1 / (1 + MathF.Exp(-x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TLanes Of<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes one = TLanes.Broadcast(1);
        return TLanes.Divide(one, TLanes.Add(one, TLanes.Exp(TLanes.Subtract(TLanes.Zero, x))));
    }

    private static int Vector<TLanes>(Span<float> values)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(values);
        int i = 0;
        for (; i <= values.Length - TLanes.Count; i += TLanes.Count)
            TLanes.Store(Of(TLanes.Load(ref Unsafe.Add(ref x, i))), ref Unsafe.Add(ref x, i));
        return i;
    }
}
