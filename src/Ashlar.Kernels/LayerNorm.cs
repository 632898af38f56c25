using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>Layer normalisation (Ba, Kiros and Hinton 2016, section 3), with the population variance.</summary>
public static class LayerNorm
{
    /// <summary>
    /// destination[i] = (input[i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i], over one row. An empty bias is 0.
    /// The destination may be the input.
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        float epsilon,
        Span<float> destination)
    {
        Require.SameLength(input.Length, weight.Length);
        Require.SameLength(input.Length, destination.Length);
        if (!bias.IsEmpty)
            Require.SameLength(input.Length, bias.Length);
        if (Vector512.IsHardwareAccelerated && input.Length >= Lanes512.Count)
            Vector<Lanes512>(input, weight, bias, epsilon, destination);
        else if (Vector256.IsHardwareAccelerated && input.Length >= Lanes256.Count)
            Vector<Lanes256>(input, weight, bias, epsilon, destination);
        else if (Vector128.IsHardwareAccelerated && input.Length >= Lanes128.Count)
            Vector<Lanes128>(input, weight, bias, epsilon, destination);
        else
            Scalar(input, weight, bias, epsilon, destination);
    }

    internal static void Scalar(
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        float epsilon,
        Span<float> destination)
    {
        float mean = 0;
        foreach (float value in input)
            mean += value;
        mean /= input.Length;
        // The second pass over centred values: the one-pass form loses every digit when the mean is large.
        float squares = 0;
        foreach (float value in input)
            squares += (value - mean) * (value - mean);
        Tail(0, mean, 1 / MathF.Sqrt(squares / input.Length + epsilon), input, weight, bias, destination);
    }

    private static void Tail(
        int start,
        float mean,
        float scale,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        Span<float> destination)
    {
        for (int i = start; i < input.Length; i++)
            destination[i] = (input[i] - mean) * scale * weight[i] + (bias.IsEmpty ? 0 : bias[i]);
    }

    private static void Vector<TLanes>(
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        float epsilon,
        Span<float> destination)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(input);
        int whole = input.Length - input.Length % TLanes.Count;
        TLanes sums = TLanes.Zero;
        for (int i = 0; i < whole; i += TLanes.Count)
            sums = TLanes.Add(sums, TLanes.Load(ref Unsafe.Add(ref x, i)));
        float mean = TLanes.Sum(sums);
        foreach (float value in input[whole..])
            mean += value;
        mean /= input.Length;

        TLanes means = TLanes.Broadcast(mean);
        TLanes squares = TLanes.Zero;
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes centred = TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref x, i)), means);
            squares = TLanes.MultiplyAdd(centred, centred, squares);
        }

        float variance = TLanes.Sum(squares);
        foreach (float value in input[whole..])
            variance += (value - mean) * (value - mean);
        float scale = 1 / MathF.Sqrt(variance / input.Length + epsilon);

        ref float w = ref MemoryMarshal.GetReference(weight);
        ref float b = ref MemoryMarshal.GetReference(bias);
        ref float y = ref MemoryMarshal.GetReference(destination);
        TLanes scales = TLanes.Broadcast(scale);
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes normal = TLanes.Multiply(TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref x, i)), means), scales);
            TLanes shift = bias.IsEmpty ? TLanes.Zero : TLanes.Load(ref Unsafe.Add(ref b, i));
            TLanes.Store(TLanes.MultiplyAdd(normal, TLanes.Load(ref Unsafe.Add(ref w, i)), shift), ref Unsafe.Add(ref y, i));
        }

        Tail(whole, mean, scale, input, weight, bias, destination);
    }
}
