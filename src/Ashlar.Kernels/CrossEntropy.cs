using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The loss of a classifier or language model, with its gradient.</summary>
public static class CrossEntropy
{
    /// <summary>
    /// Returns -log softmax(logits)[target], in nats, and replaces the logits by the loss's gradient with respect to them:
    /// softmax(logits)[i] - (i == target). A row with NaN or plus infinity gives NaN.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The target is not an index of the row.</exception>
    public static float Differentiate(Span<float> logits, int target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(target);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(target, logits.Length);
        float chosen = logits[target];
        (float largest, float sum) =
            Vector512.IsHardwareAccelerated && logits.Length >= Lanes512.Count ? Vector<Lanes512>(logits)
            : Vector256.IsHardwareAccelerated && logits.Length >= Lanes256.Count ? Vector<Lanes256>(logits)
            : Vector128.IsHardwareAccelerated && logits.Length >= Lanes128.Count ? Vector<Lanes128>(logits)
            : Scalar(logits);
        logits[target] -= 1;
        return MathF.Log(sum) - (chosen - largest);
    }

    internal static (float Largest, float Sum) Scalar(Span<float> logits)
    {
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
            largest = MathF.Max(largest, logit);
        float sum = 0;
        for (int i = 0; i < logits.Length; i++)
            sum += logits[i] = MathF.Exp(logits[i] - largest);
        float scale = 1 / sum;
        for (int i = 0; i < logits.Length; i++)
            logits[i] *= scale;
        return (largest, sum);
    }

    private static (float Largest, float Sum) Vector<TLanes>(Span<float> logits)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float x = ref MemoryMarshal.GetReference(logits);
        int whole = logits.Length - logits.Length % TLanes.Count;
        float largest = Softmax.Largest<TLanes>(logits);
        TLanes shift = TLanes.Broadcast(largest);
        TLanes sums = TLanes.Zero;
        for (int i = 0; i < whole; i += TLanes.Count)
        {
            TLanes power = TLanes.Exp(TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref x, i)), shift));
            sums = TLanes.Add(sums, power);
            TLanes.Store(power, ref Unsafe.Add(ref x, i));
        }

        float sum = TLanes.Sum(sums);
        for (int i = whole; i < logits.Length; i++)
            sum += logits[i] = MathF.Exp(logits[i] - largest);
        float scale = 1 / sum;
        TLanes scales = TLanes.Broadcast(scale);
        for (int i = 0; i < whole; i += TLanes.Count)
            TLanes.Store(TLanes.Multiply(TLanes.Load(ref Unsafe.Add(ref x, i)), scales), ref Unsafe.Add(ref x, i));
        for (int i = whole; i < logits.Length; i++)
            logits[i] *= scale;
        return (largest, sum);
    }
}
