using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The gradient of <see cref="LayerNorm"/>.</summary>
public static class LayerNormGradient
{
    /// <summary>
    /// For one row, with n = (input - mean) / sqrt(variance + epsilon), computed again, and g the gradient of the output:
    /// weightGradient += g n, biasGradient += g, and inputGradient += (g w - mean(g w) - n mean(g w n)) / sqrt(variance + epsilon).
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Accumulate(
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        float epsilon,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        Span<float> weightGradient,
        Span<float> biasGradient)
    {
        Require.SameLength(input.Length, weight.Length);
        Require.SameLength(input.Length, outputGradient.Length);
        Require.SameLength(input.Length, inputGradient.Length);
        Require.SameLength(input.Length, weightGradient.Length);
        Require.SameLength(input.Length, biasGradient.Length);
        if (Vector512.IsHardwareAccelerated && input.Length % Lanes512.Count == 0)
            Vector<Lanes512>(input, weight, epsilon, outputGradient, inputGradient, weightGradient, biasGradient);
        else if (Vector256.IsHardwareAccelerated && input.Length % Lanes256.Count == 0)
            Vector<Lanes256>(input, weight, epsilon, outputGradient, inputGradient, weightGradient, biasGradient);
        else if (Vector128.IsHardwareAccelerated && input.Length % Lanes128.Count == 0)
            Vector<Lanes128>(input, weight, epsilon, outputGradient, inputGradient, weightGradient, biasGradient);
        else
            Scalar(input, weight, epsilon, outputGradient, inputGradient, weightGradient, biasGradient);
    }

    internal static void Scalar(
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        float epsilon,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        Span<float> weightGradient,
        Span<float> biasGradient)
    {
        int n = input.Length;
        float mean = 0;
        foreach (float value in input)
            mean += value;
        mean /= n;
        float squares = 0;
        foreach (float value in input)
            squares += (value - mean) * (value - mean);
        float scale = 1 / MathF.Sqrt(squares / n + epsilon);
        float meanGradient = 0, meanProduct = 0;
        for (int i = 0; i < n; i++)
        {
            float normalized = (input[i] - mean) * scale, gradient = outputGradient[i] * weight[i];
            meanGradient += gradient;
            meanProduct += gradient * normalized;
            weightGradient[i] += outputGradient[i] * normalized;
            biasGradient[i] += outputGradient[i];
        }

        meanGradient /= n;
        meanProduct /= n;
        for (int i = 0; i < n; i++)
        {
            float normalized = (input[i] - mean) * scale;
            inputGradient[i] += (outputGradient[i] * weight[i] - meanGradient - normalized * meanProduct) * scale;
        }
    }

    private static void Vector<TLanes>(
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        float epsilon,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        Span<float> weightGradient,
        Span<float> biasGradient)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float w = ref MemoryMarshal.GetReference(weight);
        ref float dy = ref MemoryMarshal.GetReference(outputGradient);
        ref float dx = ref MemoryMarshal.GetReference(inputGradient);
        ref float dw = ref MemoryMarshal.GetReference(weightGradient);
        ref float db = ref MemoryMarshal.GetReference(biasGradient);
        int n = input.Length;
        TLanes sums = TLanes.Zero;
        for (int i = 0; i < n; i += TLanes.Count)
            sums = TLanes.Add(sums, TLanes.Load(ref Unsafe.Add(ref x, i)));
        TLanes mean = TLanes.Broadcast(TLanes.Sum(sums) / n);
        TLanes squares = TLanes.Zero;
        for (int i = 0; i < n; i += TLanes.Count)
        {
            TLanes centred = TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref x, i)), mean);
            squares = TLanes.MultiplyAdd(centred, centred, squares);
        }

        TLanes scale = TLanes.Broadcast(1 / MathF.Sqrt(TLanes.Sum(squares) / n + epsilon));
        TLanes gradients = TLanes.Zero, products = TLanes.Zero;
        for (int i = 0; i < n; i += TLanes.Count)
        {
            TLanes normalized = TLanes.Multiply(TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref x, i)), mean), scale);
            TLanes output = TLanes.Load(ref Unsafe.Add(ref dy, i));
            TLanes gradient = TLanes.Multiply(output, TLanes.Load(ref Unsafe.Add(ref w, i)));
            gradients = TLanes.Add(gradients, gradient);
            products = TLanes.MultiplyAdd(gradient, normalized, products);
            TLanes.Store(TLanes.MultiplyAdd(output, normalized, TLanes.Load(ref Unsafe.Add(ref dw, i))), ref Unsafe.Add(ref dw, i));
            TLanes.Store(TLanes.Add(output, TLanes.Load(ref Unsafe.Add(ref db, i))), ref Unsafe.Add(ref db, i));
        }

        TLanes meanGradient = TLanes.Broadcast(TLanes.Sum(gradients) / n);
        TLanes meanProduct = TLanes.Broadcast(TLanes.Sum(products) / n);
        for (int i = 0; i < n; i += TLanes.Count)
        {
            TLanes normalized = TLanes.Multiply(TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref x, i)), mean), scale);
            TLanes gradient = TLanes.Multiply(TLanes.Load(ref Unsafe.Add(ref dy, i)), TLanes.Load(ref Unsafe.Add(ref w, i)));
            gradient = TLanes.Subtract(TLanes.Subtract(gradient, meanGradient), TLanes.Multiply(normalized, meanProduct));
            TLanes.Store(TLanes.MultiplyAdd(gradient, scale, TLanes.Load(ref Unsafe.Add(ref dx, i))), ref Unsafe.Add(ref dx, i));
        }
    }
}
