using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>Scores to probabilities.</summary>
public static class Softmax
{
    /// <summary>
    /// values[i] = exp(values[i] - max) / sum of exp(values[j] - max), in place over one row. Minus infinity becomes 0.
    /// A row with NaN, with plus infinity, or with nothing but minus infinity, becomes NaN.
    /// </summary>
    public static void Apply(Span<float> values)
    {
        if (Vector512.IsHardwareAccelerated && values.Length >= Lanes512.Count)
            Vector<Lanes512>(values);
        else if (Vector256.IsHardwareAccelerated && values.Length >= Lanes256.Count)
            Vector<Lanes256>(values);
        else if (Vector128.IsHardwareAccelerated && values.Length >= Lanes128.Count)
            Vector<Lanes128>(values);
        else
            Scalar(values);
    }

    internal static void Scalar(Span<float> values)
    {
        float largest = float.NegativeInfinity;
        foreach (float value in values)
            largest = MathF.Max(largest, value);
        float sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Exp(values[i] - largest);
            sum += values[i];
        }

        float scale = 1 / sum;
        for (int i = 0; i < values.Length; i++)
            values[i] *= scale;
    }

    /// <summary>The largest value; NaN if there is one; minus infinity of an empty row.</summary>
    internal static float Largest<TLanes>(ReadOnlySpan<float> values)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(values);
        int whole = values.Length - values.Length % TLanes.Count;
        TLanes lanes = TLanes.Broadcast(float.NegativeInfinity);
        for (int i = 0; i < whole; i += TLanes.Count)
            lanes = TLanes.Max(lanes, TLanes.Load(ref Unsafe.Add(ref x, i)));
        float largest = TLanes.Largest(lanes);
        foreach (float value in values[whole..])
            largest = MathF.Max(largest, value);
        return largest;
    }

    private static void Vector<TLanes>(Span<float> values)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(values);
        int whole = values.Length - values.Length % TLanes.Count;
        float largest = Largest<TLanes>(values);
        TLanes shift = TLanes.Broadcast(largest);
        TLanes sums = TLanes.Zero;
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes power = TLanes.Exp(TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref x, i)), shift));
            sums = TLanes.Add(sums, power);
            TLanes.Store(power, ref Unsafe.Add(ref x, i));
        }

        float sum = TLanes.Sum(sums);
        for (int i = whole; i < values.Length; i++)
        {
            values[i] = MathF.Exp(values[i] - largest);
            sum += values[i];
        }

        float scale = 1 / sum;
        TLanes scales = TLanes.Broadcast(scale);
        for (int i = 0; i < whole; i += TLanes.Count)
            TLanes.Store(TLanes.Multiply(TLanes.Load(ref Unsafe.Add(ref x, i)), scales), ref Unsafe.Add(ref x, i));
        for (int i = whole; i < values.Length; i++)
            values[i] *= scale;
    }
}
