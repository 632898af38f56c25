using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The rectifier.</summary>
public static class Relu
{
    /// <summary>values[i] = max(values[i], 0), in place; NaN stays NaN.</summary>
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

    internal static float Scalar(float x) => MathF.Max(x, 0);

    private static int Vector<TLanes>(Span<float> values)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(values);
        int i = 0;
        for (; i <= values.Length - TLanes.Count; i += TLanes.Count)
            TLanes.Store(TLanes.Max(TLanes.Load(ref Unsafe.Add(ref x, i)), TLanes.Zero), ref Unsafe.Add(ref x, i));
        return i;
    }
}
