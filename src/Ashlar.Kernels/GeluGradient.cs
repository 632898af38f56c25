using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The gradient of <see cref="Gelu"/>.</summary>
public static class GeluGradient
{
    private const float TwiceRoot = 1.5957691216057308f;
    private const float Cubic = 0.044715f;
    private const float InverseRootTwoPi = 0.3989422804014327f;

    /// <summary>gradient[i] *= the derivative of <see cref="Gelu.ApplyTanh"/> at input[i].</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void ApplyTanh(ReadOnlySpan<float> input, Span<float> gradient)
    {
        Require.SameLength(input.Length, gradient.Length);
        int done = 0;
        if (Vector512.IsHardwareAccelerated)
            done = VectorTanh<Lanes512>(input, gradient);
        else if (Vector256.IsHardwareAccelerated)
            done = VectorTanh<Lanes256>(input, gradient);
        else if (Vector128.IsHardwareAccelerated)
            done = VectorTanh<Lanes128>(input, gradient);
        for (int i = done; i < input.Length; i++)
            gradient[i] *= ScalarTanh(input[i]);
    }

    /// <summary>gradient[i] *= the derivative of <see cref="Gelu.ApplyExact"/> at input[i].</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void ApplyExact(ReadOnlySpan<float> input, Span<float> gradient)
    {
        Require.SameLength(input.Length, gradient.Length);
        for (int i = 0; i < input.Length; i++)
            gradient[i] *= ScalarExact(input[i]);
    }

    // x s(z) with z = sqrt(8/pi) (x + 0.044715 x³) and s the sigmoid: s + x s (1 - s) z'.
    internal static float ScalarTanh(float x)
    {
        float sigmoid = 1 / (1 + MathF.Exp(-TwiceRoot * (x + Cubic * x * x * x)));
        return sigmoid + x * sigmoid * (1 - sigmoid) * TwiceRoot * (1 + 3 * Cubic * x * x);
    }

    // The normal distribution function plus x times its density.
    internal static float ScalarExact(float x)
    {
        float distribution = x == 0 ? 0.5f : Gelu.ScalarExact(x) / x;
        return distribution + x * InverseRootTwoPi * MathF.Exp(-0.5f * x * x);
    }

    private static int VectorTanh<TLanes>(ReadOnlySpan<float> input, Span<float> gradient)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float d = ref MemoryMarshal.GetReference(gradient);
        TLanes one = TLanes.Broadcast(1);
        TLanes linear = TLanes.Broadcast(TwiceRoot);
        TLanes cubic = TLanes.Broadcast(TwiceRoot * Cubic);
        TLanes three = TLanes.Broadcast(3 * TwiceRoot * Cubic);
        int i = 0;
        for (; i <= input.Length - TLanes.Count; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(ref Unsafe.Add(ref x, i));
            TLanes square = TLanes.Multiply(value, value);
            TLanes power = TLanes.Multiply(value, TLanes.MultiplyAdd(square, cubic, linear));
            TLanes sigmoid = TLanes.Divide(one, TLanes.Add(one, TLanes.Exp(TLanes.Subtract(TLanes.Zero, power))));
            TLanes slope = TLanes.Multiply(TLanes.Multiply(value, sigmoid), TLanes.Subtract(one, sigmoid));
            TLanes derivative = TLanes.MultiplyAdd(slope, TLanes.MultiplyAdd(square, three, linear), sigmoid);
            TLanes.Store(TLanes.Multiply(derivative, TLanes.Load(ref Unsafe.Add(ref d, i))), ref Unsafe.Add(ref d, i));
        }

        return i;
    }
}
