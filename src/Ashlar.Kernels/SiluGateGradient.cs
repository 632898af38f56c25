using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The gradient of <see cref="SiluGate"/>.</summary>
public static class SiluGateGradient
{
    /// <summary>
    /// With s = sigmoid(gate) and g the gradient of the output gate s up: gate becomes g up s (1 + gate (1 - s)), and up becomes
    /// g gate s, their gradients.
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(Span<float> gate, Span<float> up, ReadOnlySpan<float> outputGradient)
    {
        Require.SameLength(gate.Length, up.Length);
        Require.SameLength(gate.Length, outputGradient.Length);
        int done = 0;
        if (Vector512.IsHardwareAccelerated)
            done = Vector<Lanes512>(gate, up, outputGradient);
        else if (Vector256.IsHardwareAccelerated)
            done = Vector<Lanes256>(gate, up, outputGradient);
        else if (Vector128.IsHardwareAccelerated)
            done = Vector<Lanes128>(gate, up, outputGradient);
        for (int i = done; i < gate.Length; i++)
            (gate[i], up[i]) = Scalar(gate[i], up[i], outputGradient[i]);
    }

    internal static (float Gate, float Up) Scalar(float gate, float up, float outputGradient)
    {
        float sigmoid = 1 / (1 + MathF.Exp(-gate));
        return (outputGradient * up * sigmoid * (1 + gate * (1 - sigmoid)), outputGradient * gate * sigmoid);
    }

    private static int Vector<TLanes>(Span<float> gate, Span<float> up, ReadOnlySpan<float> outputGradient)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float g = ref MemoryMarshal.GetReference(gate);
        ref float u = ref MemoryMarshal.GetReference(up);
        ref float d = ref MemoryMarshal.GetReference(outputGradient);
        TLanes one = TLanes.Broadcast(1);
        int i = 0;
        for (; i <= gate.Length - TLanes.Count; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(ref Unsafe.Add(ref g, i));
            TLanes sigmoid = TLanes.Divide(one, TLanes.Add(one, TLanes.Exp(TLanes.Subtract(TLanes.Zero, value))));
            TLanes scaled = TLanes.Multiply(TLanes.Load(ref Unsafe.Add(ref d, i)), sigmoid);
            TLanes slope = TLanes.MultiplyAdd(value, TLanes.Subtract(one, sigmoid), one);
            TLanes gateGradient = TLanes.Multiply(TLanes.Multiply(scaled, TLanes.Load(ref Unsafe.Add(ref u, i))), slope);
            TLanes.Store(TLanes.Multiply(scaled, value), ref Unsafe.Add(ref u, i));
            TLanes.Store(gateGradient, ref Unsafe.Add(ref g, i));
        }

        return i;
    }
}
