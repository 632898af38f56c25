using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The sigmoid-weighted linear unit, also called swish (Elfwing et al. 2018; Ramachandran et al. 2017).</summary>
public static class Silu
{
    /// <summary>values[i] = values[i] * sigmoid(values[i]), in place.</summary>
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

    internal static float Scalar(float x) => x / (1 + MathF.Exp(-x));

    private static int Vector<TLanes>(Span<float> values)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(values);
        TLanes one = TLanes.Broadcast(1);
        int i = 0;
        for (; i <= values.Length - TLanes.Count; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(ref Unsafe.Add(ref x, i));
            TLanes power = TLanes.Exp(TLanes.Subtract(TLanes.Zero, value));
            TLanes.Store(TLanes.Divide(value, TLanes.Add(one, power)), ref Unsafe.Add(ref x, i));
        }

        return i;
    }
}
