using System.Numerics;
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
            Vector512.IsHardwareAccelerated && logits.Length >= Lanes512.Count ? Vectorized<Lanes512>(logits)
            : Vector256.IsHardwareAccelerated && logits.Length >= Lanes256.Count ? Vectorized<Lanes256>(logits)
            : Vector128.IsHardwareAccelerated && logits.Length >= Lanes128.Count ? Vectorized<Lanes128>(logits)
            : Scalar(logits);
        logits[target] -= 1;
        return MathF.Log(sum) - (chosen - largest);
    }

    /// <summary>
    /// The same with label smoothing (Szegedy et al. 2016, section 7): the target distribution keeps 1 - smoothing for the target and
    /// spreads smoothing evenly over all classes. The loss is -sum of q log softmax(logits), the gradient softmax(logits) - q.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The target is not an index of the row, or smoothing is not from 0 to 1.</exception>
    public static float Differentiate(Span<float> logits, int target, float smoothing)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(smoothing);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(smoothing, 1);
        if (smoothing == 0)
            return Differentiate(logits, target);
        float mean = Sum(logits) / logits.Length;
        float distance = logits[target] - mean;
        float loss = Differentiate(logits, target) + smoothing * distance;
        float share = smoothing / logits.Length;
        int done = 0;
        if (Vector.IsHardwareAccelerated)
        {
            ref float first = ref MemoryMarshal.GetReference(logits);
            for (; done <= logits.Length - Vector<float>.Count; done += Vector<float>.Count)
                (Vector.LoadUnsafe(ref Unsafe.Add(ref first, done)) - new Vector<float>(share)).StoreUnsafe(ref Unsafe.Add(ref first, done));
        }

        for (; done < logits.Length; done++)
            logits[done] -= share;
        logits[target] += smoothing;
        return loss;
    }

    private static float Sum(ReadOnlySpan<float> values)
    {
        float sum = 0;
        int done = 0;
        if (Vector.IsHardwareAccelerated)
        {
            Vector<float> sums = Vector<float>.Zero;
            ref float first = ref MemoryMarshal.GetReference(values);
            for (; done <= values.Length - Vector<float>.Count; done += Vector<float>.Count)
                sums += Vector.LoadUnsafe(ref Unsafe.Add(ref first, done));
            sum = Vector.Sum(sums);
        }

        for (; done < values.Length; done++)
            sum += values[done];
        return sum;
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

    private static (float Largest, float Sum) Vectorized<TLanes>(Span<float> logits)
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
