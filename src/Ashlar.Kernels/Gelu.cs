using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>Gaussian error linear unit (Hendrycks and Gimpel 2016), by its tanh approximation and exactly.</summary>
public static class Gelu
{
    // sqrt(2 / pi) and the cubic coefficient of the approximation; 2 * tanh argument, as tanh(u) = 2 sigmoid(2u) - 1.
    private const float TwiceRoot = 1.5957691216057308f;
    private const float Cubic = 0.044715f;

    // erfc(z) = t exp(-z^2 + P(t)), t = 1 / (1 + z / 2), z >= 0: a Chebyshev fit with relative error below 1.2e-7
    // (Numerical Recipes, section 6.2); lowest power first.
    private static readonly float[] ErfcCoefficients =
    [
        -1.26551223f, 1.00002368f, 0.37409196f, 0.09678418f, -0.18628806f,
        0.27886807f, -1.13520398f, 1.48851587f, -0.82215223f, 0.17087277f,
    ];

    /// <summary>
    /// values[i] = x / 2 * (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), in place: <c>gelu_new</c>, the form of GPT-2.
    /// </summary>
    public static void ApplyTanh(Span<float> values)
    {
        int done = 0;
        if (Vector512.IsHardwareAccelerated && values.Length >= Lanes512.Count)
            done = VectorTanh<Lanes512>(values);
        else if (Vector256.IsHardwareAccelerated && values.Length >= Lanes256.Count)
            done = VectorTanh<Lanes256>(values);
        else if (Vector128.IsHardwareAccelerated && values.Length >= Lanes128.Count)
            done = VectorTanh<Lanes128>(values);
        for (int i = done; i < values.Length; i++)
            values[i] = ScalarTanh(values[i]);
    }

    /// <summary>values[i] = x * Phi(x) with the normal distribution function Phi, in place: <c>gelu</c>.</summary>
    public static void ApplyExact(Span<float> values)
    {
        int done = 0;
        if (Vector512.IsHardwareAccelerated && values.Length >= Lanes512.Count)
            done = VectorExact<Lanes512>(values);
        else if (Vector256.IsHardwareAccelerated && values.Length >= Lanes256.Count)
            done = VectorExact<Lanes256>(values);
        else if (Vector128.IsHardwareAccelerated && values.Length >= Lanes128.Count)
            done = VectorExact<Lanes128>(values);
        for (int i = done; i < values.Length; i++)
            values[i] = ScalarExact(values[i]);
    }

    internal static float ScalarTanh(float x) => x / (1 + MathF.Exp(-TwiceRoot * (x + Cubic * x * x * x)));

    internal static float ScalarExact(float x)
    {
        float z = MathF.Abs(x) * 0.70710678f;
        float t = 1 / (1 + 0.5f * z);
        float polynomial = ErfcCoefficients[^1];
        for (int i = ErfcCoefficients.Length - 2; i >= 0; i--)
            polynomial = polynomial * t + ErfcCoefficients[i];
        float half = 0.5f * t * MathF.Exp(polynomial - z * z);
        return x * (x < 0 ? half : 1 - half);
    }

    private static int VectorTanh<TLanes>(Span<float> values)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(values);
        TLanes one = TLanes.Broadcast(1);
        TLanes linear = TLanes.Broadcast(-TwiceRoot);
        TLanes cubic = TLanes.Broadcast(-TwiceRoot * Cubic);
        int i = 0;
        for (; i <= values.Length - TLanes.Count; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(ref Unsafe.Add(ref x, i));
            TLanes slope = TLanes.MultiplyAdd(TLanes.Multiply(value, value), cubic, linear);
            TLanes power = TLanes.Exp(TLanes.Multiply(value, slope));
            TLanes.Store(TLanes.Divide(value, TLanes.Add(one, power)), ref Unsafe.Add(ref x, i));
        }

        return i;
    }

    private static int VectorExact<TLanes>(Span<float> values)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(values);
        ref float c = ref MemoryMarshal.GetArrayDataReference(ErfcCoefficients);
        TLanes one = TLanes.Broadcast(1), half = TLanes.Broadcast(0.5f), root = TLanes.Broadcast(0.70710678f);
        int i = 0;
        for (; i <= values.Length - TLanes.Count; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(ref Unsafe.Add(ref x, i));
            TLanes scaled = TLanes.Multiply(value, root);
            TLanes z = TLanes.Max(scaled, TLanes.Subtract(TLanes.Zero, scaled));
            TLanes t = TLanes.Divide(one, TLanes.MultiplyAdd(half, z, one));
            TLanes polynomial = TLanes.Broadcast(ErfcCoefficients[^1]);
            for (int j = ErfcCoefficients.Length - 2; j >= 0; j--)
                polynomial = TLanes.MultiplyAdd(polynomial, t, TLanes.Broadcast(Unsafe.Add(ref c, j)));
            TLanes power = TLanes.Exp(TLanes.Subtract(polynomial, TLanes.Multiply(z, z)));
            TLanes tail = TLanes.Multiply(TLanes.Multiply(half, t), power);
            TLanes phi = TLanes.SelectNegative(value, tail, TLanes.Subtract(one, tail));
            TLanes.Store(TLanes.Multiply(value, phi), ref Unsafe.Add(ref x, i));
        }

        return i;
    }
}
