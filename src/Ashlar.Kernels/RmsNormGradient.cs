using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The gradient of <see cref="RmsNorm"/>.</summary>
public static class RmsNormGradient
{
    /// <summary>
    /// For one row, with n = input / sqrt(mean(input²) + epsilon), computed again, and g the gradient of the output:
    /// weightGradient += g n, and inputGradient += (g w - n mean(g w n)) / sqrt(mean(input²) + epsilon).
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Accumulate(
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        float epsilon,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        Span<float> weightGradient)
    {
        Require.SameLength(input.Length, weight.Length);
        Require.SameLength(input.Length, outputGradient.Length);
        Require.SameLength(input.Length, inputGradient.Length);
        Require.SameLength(input.Length, weightGradient.Length);
        if (Vector512.IsHardwareAccelerated && input.Length % Lanes512.Count == 0)
            Vector<Lanes512>(input, weight, epsilon, outputGradient, inputGradient, weightGradient);
        else if (Vector256.IsHardwareAccelerated && input.Length % Lanes256.Count == 0)
            Vector<Lanes256>(input, weight, epsilon, outputGradient, inputGradient, weightGradient);
        else if (Vector128.IsHardwareAccelerated && input.Length % Lanes128.Count == 0)
            Vector<Lanes128>(input, weight, epsilon, outputGradient, inputGradient, weightGradient);
        else
            Scalar(input, weight, epsilon, outputGradient, inputGradient, weightGradient);
    }

    internal static void Scalar(
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        float epsilon,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        Span<float> weightGradient)
    {
        int n = input.Length;
        float squares = 0;
        foreach (float value in input)
            squares += value * value;
        float scale = 1 / MathF.Sqrt(squares / n + epsilon);
        float meanProduct = 0;
        for (int i = 0; i < n; i++)
        {
            float normalized = input[i] * scale;
            meanProduct += outputGradient[i] * weight[i] * normalized;
            weightGradient[i] += outputGradient[i] * normalized;
        }

        meanProduct /= n;
        for (int i = 0; i < n; i++)
            inputGradient[i] += (outputGradient[i] * weight[i] - input[i] * scale * meanProduct) * scale;
    }

    private static void Vector<TLanes>(
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        float epsilon,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        Span<float> weightGradient)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float w = ref MemoryMarshal.GetReference(weight);
        ref float dy = ref MemoryMarshal.GetReference(outputGradient);
        ref float dx = ref MemoryMarshal.GetReference(inputGradient);
        ref float dw = ref MemoryMarshal.GetReference(weightGradient);
        int n = input.Length;
        TLanes squares = TLanes.Zero;
        for (int i = 0; i < n; i += TLanes.Count)
        {
            TLanes value = TLanes.Load(ref Unsafe.Add(ref x, i));
            squares = TLanes.MultiplyAdd(value, value, squares);
        }

        TLanes scale = TLanes.Broadcast(1 / MathF.Sqrt(TLanes.Sum(squares) / n + epsilon));
        TLanes products = TLanes.Zero;
        for (int i = 0; i < n; i += TLanes.Count)
        {
            TLanes normalized = TLanes.Multiply(TLanes.Load(ref Unsafe.Add(ref x, i)), scale);
            TLanes output = TLanes.Load(ref Unsafe.Add(ref dy, i));
            TLanes product = TLanes.Multiply(output, normalized);
            products = TLanes.MultiplyAdd(product, TLanes.Load(ref Unsafe.Add(ref w, i)), products);
            TLanes.Store(TLanes.Add(product, TLanes.Load(ref Unsafe.Add(ref dw, i))), ref Unsafe.Add(ref dw, i));
        }

        TLanes meanProduct = TLanes.Broadcast(TLanes.Sum(products) / n);
        for (int i = 0; i < n; i += TLanes.Count)
        {
            TLanes normalized = TLanes.Multiply(TLanes.Load(ref Unsafe.Add(ref x, i)), scale);
            TLanes gradient = TLanes.Multiply(TLanes.Load(ref Unsafe.Add(ref dy, i)), TLanes.Load(ref Unsafe.Add(ref w, i)));
            gradient = TLanes.Subtract(gradient, TLanes.Multiply(normalized, meanProduct));
            TLanes.Store(TLanes.MultiplyAdd(gradient, scale, TLanes.Load(ref Unsafe.Add(ref dx, i))), ref Unsafe.Add(ref dx, i));
        }
    }
}
