using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The gate of SwiGLU (Shazeer 2020, equation 6).</summary>
public static class SiluGate
{
    /// <summary>gate[i] = gate[i] * sigmoid(gate[i]) * up[i], in place.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(Span<float> gate, ReadOnlySpan<float> up)
    {
        Require.SameLength(gate.Length, up.Length);
        int done = 0;
        if (Vector512.IsHardwareAccelerated && gate.Length >= Lanes512.Count)
            done = Vector<Lanes512>(gate, up);
        else if (Vector256.IsHardwareAccelerated && gate.Length >= Lanes256.Count)
            done = Vector<Lanes256>(gate, up);
        else if (Vector128.IsHardwareAccelerated && gate.Length >= Lanes128.Count)
            done = Vector<Lanes128>(gate, up);
        for (int i = done; i < gate.Length; i++)
            gate[i] = Scalar(gate[i], up[i]);
    }

    internal static float Scalar(float gate, float up) => gate / (1 + MathF.Exp(-gate)) * up;

    private static int Vector<TLanes>(Span<float> gate, ReadOnlySpan<float> up)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float g = ref MemoryMarshal.GetReference(gate);
        ref float u = ref MemoryMarshal.GetReference(up);
        TLanes one = TLanes.Broadcast(1);
        int i = 0;
        for (; i <= gate.Length - TLanes.Count; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(ref Unsafe.Add(ref g, i));
            TLanes power = TLanes.Exp(TLanes.Subtract(TLanes.Zero, value));
            TLanes silu = TLanes.Divide(value, TLanes.Add(one, power));
            TLanes.Store(TLanes.Multiply(silu, TLanes.Load(ref Unsafe.Add(ref u, i))), ref Unsafe.Add(ref g, i));
        }

        return i;
    }
}
