using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>Scores to log-probabilities, without the underflow of log(softmax).</summary>
public static class LogSoftmax
{
    /// <summary>
    /// log of the sum of exp(values[i]), summed in double: a vocabulary has 10^5 terms, and this number is subtracted
    /// from every one of them. Minus infinity of a row that is empty or holds nothing but minus infinity; NaN if there is one.
    /// </summary>
    public static double LogSumExp(ReadOnlySpan<float> values)
    {
        if (Vector512.IsHardwareAccelerated && values.Length >= Lanes512.Count)
            return Vector<Lanes512>(values);
        if (Vector256.IsHardwareAccelerated && values.Length >= Lanes256.Count)
            return Vector<Lanes256>(values);
        if (Vector128.IsHardwareAccelerated && values.Length >= Lanes128.Count)
            return Vector<Lanes128>(values);
        return Scalar(values);
    }

    /// <summary>values[i] - <see cref="LogSumExp"/>(values), in place over one row.</summary>
    public static void Apply(Span<float> values)
    {
        double total = LogSumExp(values);
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(values[i] - total);
    }

    internal static double Scalar(ReadOnlySpan<float> values)
    {
        float largest = float.NegativeInfinity;
        foreach (float value in values)
            largest = MathF.Max(largest, value);
        if (float.IsInfinity(largest))
            return largest;
        double sum = 0;
        foreach (float value in values)
            sum += Math.Exp((double)value - largest);
        return largest + Math.Log(sum);
    }

    private static double Vector<TLanes>(ReadOnlySpan<float> values)
        where TLanes : struct, ILanes<TLanes>
    {
        float largest = Softmax.Largest<TLanes>(values);
        if (float.IsInfinity(largest))
            return largest;
        ref float x = ref MemoryMarshal.GetReference(values);
        TLanes shift = TLanes.Broadcast(largest);
        double sum = 0;
        int i = 0;
        for (; i <= values.Length - TLanes.Count; i += TLanes.Count)
            sum += TLanes.Sum(TLanes.Exp(TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref x, i)), shift)));
        for (; i < values.Length; i++)
            sum += Math.Exp((double)values[i] - largest);
        return largest + Math.Log(sum);
    }
}
