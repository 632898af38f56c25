using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The hyperbolic tangent, to a few units in the last place on both sides of zero.</summary>
public static class Tanh
{
    // Below this, 1 - 2 / (exp(2x) + 1) loses digits; there x + x^3 P(x^2) with the coefficients of the Cephes library's tanhf.
    private const float SmallBelow = 0.625f;
    private const float P0 = -5.70498872745e-3f;
    private const float P1 = 2.06390887954e-2f;
    private const float P2 = -5.37397155531e-2f;
    private const float P3 = 1.33314422036e-1f;
    private const float P4 = -3.33332819422e-1f;

    /// <summary>values[i] = tanh(values[i]), in place.</summary>
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

    internal static float Scalar(float x) => MathF.Tanh(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TLanes Of<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes one = TLanes.Broadcast(1);
        TLanes size = TLanes.Max(x, TLanes.Subtract(TLanes.Zero, x));
        TLanes power = TLanes.Exp(TLanes.Add(size, size));
        TLanes large = TLanes.Subtract(one, TLanes.Divide(TLanes.Broadcast(2), TLanes.Add(power, one)));
        TLanes square = TLanes.Multiply(x, x);
        TLanes polynomial = TLanes.MultiplyAdd(TLanes.Broadcast(P0), square, TLanes.Broadcast(P1));
        polynomial = TLanes.MultiplyAdd(polynomial, square, TLanes.Broadcast(P2));
        polynomial = TLanes.MultiplyAdd(polynomial, square, TLanes.Broadcast(P3));
        polynomial = TLanes.MultiplyAdd(polynomial, square, TLanes.Broadcast(P4));
        TLanes small = TLanes.MultiplyAdd(TLanes.Multiply(polynomial, square), x, x);
        large = TLanes.SelectNegative(x, TLanes.Subtract(TLanes.Zero, large), large);
        return TLanes.SelectNegative(TLanes.Subtract(size, TLanes.Broadcast(SmallBelow)), small, large);
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
