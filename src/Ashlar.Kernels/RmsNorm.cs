using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>Root mean square normalisation (Zhang and Sennrich 2019, equation 4).</summary>
public static class RmsNorm
{
    /// <summary>
    /// destination[i] = input[i] / sqrt(mean(input^2) + epsilon) * weight[i], over one row. The destination may be the input.
    /// </summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> destination)
    {
        Require.SameLength(input.Length, weight.Length);
        Require.SameLength(input.Length, destination.Length);
        if (Vector512.IsHardwareAccelerated && input.Length >= Lanes512.Count)
            Vector<Lanes512>(input, weight, epsilon, destination);
        else if (Vector256.IsHardwareAccelerated && input.Length >= Lanes256.Count)
            Vector<Lanes256>(input, weight, epsilon, destination);
        else if (Vector128.IsHardwareAccelerated && input.Length >= Lanes128.Count)
            Vector<Lanes128>(input, weight, epsilon, destination);
        else
            Scalar(input, weight, epsilon, destination);
    }

    internal static void Scalar(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> destination)
    {
        float scale = Scale(Dot.Scalar(input, input), input.Length, epsilon);
        for (int i = 0; i < input.Length; i++)
            destination[i] = input[i] * scale * weight[i];
    }

    private static float Scale(float sumOfSquares, int count, float epsilon) => 1 / MathF.Sqrt(sumOfSquares / count + epsilon);

    private static void Vector<TLanes>(ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float epsilon, Span<float> destination)
        where TLanes : struct, ILanes<TLanes>
    {
        float scale = Scale(Dot.Product(input, input), input.Length, epsilon);
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float w = ref MemoryMarshal.GetReference(weight);
        ref float y = ref MemoryMarshal.GetReference(destination);
        TLanes scales = TLanes.Broadcast(scale);
        int i = 0;
        for (; i <= input.Length - TLanes.Count; i += TLanes.Count)
        {
            TLanes normal = TLanes.Multiply(TLanes.Load(ref Unsafe.Add(ref x, i)), scales);
            TLanes.Store(TLanes.Multiply(normal, TLanes.Load(ref Unsafe.Add(ref w, i))), ref Unsafe.Add(ref y, i));
        }

        for (; i < input.Length; i++)
            destination[i] = input[i] * scale * weight[i];
    }
}
