using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>One step back through a <see cref="GruCell"/>.</summary>
public static class GruCellGradient
{
    /// <summary>
    /// The gates become the gradients of the input's sums; the recurrent sums' gradients are the same but for the candidate's, which has
    /// gone through the reset gate.
    /// </summary>
    /// <param name="gates">[3 * width]: the activations r, z, n; receives the gradients of W x + b.</param>
    /// <param name="recurrentCandidate">[width]: the candidate's part of the recurrent sums, U_n h + d_n.</param>
    /// <param name="previous">[width]: the hidden state before the step.</param>
    /// <param name="hiddenGradient">[width]: gradient of the hidden state after it.</param>
    /// <param name="recurrentGradient">Receives [3 * width]: gradient of U h + d.</param>
    /// <param name="previousGradient">Receives [width]: what reaches the state before directly, dh · z; may be <paramref name="hiddenGradient"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Apply(
        Span<float> gates,
        ReadOnlySpan<float> recurrentCandidate,
        ReadOnlySpan<float> previous,
        ReadOnlySpan<float> hiddenGradient,
        Span<float> recurrentGradient,
        Span<float> previousGradient)
    {
        int width = previousGradient.Length;
        Require.SameLength(gates.Length, 3 * width);
        Require.SameLength(recurrentCandidate.Length, width);
        Require.SameLength(previous.Length, width);
        Require.SameLength(hiddenGradient.Length, width);
        Require.SameLength(recurrentGradient.Length, 3 * width);
        int done = 0;
        if (Vector512.IsHardwareAccelerated && width >= Lanes512.Count)
            done = Vector<Lanes512>(gates, recurrentCandidate, previous, hiddenGradient, recurrentGradient, previousGradient);
        else if (Vector256.IsHardwareAccelerated && width >= Lanes256.Count)
            done = Vector<Lanes256>(gates, recurrentCandidate, previous, hiddenGradient, recurrentGradient, previousGradient);
        else if (Vector128.IsHardwareAccelerated && width >= Lanes128.Count)
            done = Vector<Lanes128>(gates, recurrentCandidate, previous, hiddenGradient, recurrentGradient, previousGradient);
        Scalar(gates, recurrentCandidate, previous, hiddenGradient, recurrentGradient, previousGradient, done);
    }

    internal static void Scalar(
        Span<float> gates,
        ReadOnlySpan<float> recurrentCandidate,
        ReadOnlySpan<float> previous,
        ReadOnlySpan<float> hiddenGradient,
        Span<float> recurrentGradient,
        Span<float> previousGradient,
        int start = 0)
    {
        int width = previousGradient.Length;
        for (int unit = start; unit < width; unit++)
        {
            (float r, float z, float n) = (gates[unit], gates[width + unit], gates[2 * width + unit]);
            float hidden = hiddenGradient[unit];
            float candidate = hidden * (1 - z) * (1 - n * n);
            float reset = candidate * recurrentCandidate[unit] * r * (1 - r);
            float update = hidden * (previous[unit] - n) * z * (1 - z);
            gates[unit] = recurrentGradient[unit] = reset;
            gates[width + unit] = recurrentGradient[width + unit] = update;
            gates[2 * width + unit] = candidate;
            recurrentGradient[2 * width + unit] = candidate * r;
            previousGradient[unit] = hidden * z;
        }
    }

    private static int Vector<TLanes>(
        Span<float> gates,
        ReadOnlySpan<float> recurrentCandidate,
        ReadOnlySpan<float> previous,
        ReadOnlySpan<float> hiddenGradient,
        Span<float> recurrentGradient,
        Span<float> previousGradient)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = previousGradient.Length;
        ref float g = ref MemoryMarshal.GetReference(gates);
        ref float u = ref MemoryMarshal.GetReference(recurrentCandidate);
        ref float p = ref MemoryMarshal.GetReference(previous);
        ref float dh = ref MemoryMarshal.GetReference(hiddenGradient);
        ref float dr = ref MemoryMarshal.GetReference(recurrentGradient);
        ref float dp = ref MemoryMarshal.GetReference(previousGradient);
        TLanes one = TLanes.Broadcast(1);
        int at = 0;
        for (; at <= width - TLanes.Count; at += TLanes.Count)
        {
            TLanes r = TLanes.Load(ref Unsafe.Add(ref g, at));
            TLanes z = TLanes.Load(ref Unsafe.Add(ref g, at + width));
            TLanes n = TLanes.Load(ref Unsafe.Add(ref g, at + 2 * width));
            TLanes hidden = TLanes.Load(ref Unsafe.Add(ref dh, at));
            TLanes kept = TLanes.Subtract(one, z);
            TLanes candidate = TLanes.Multiply(TLanes.Multiply(hidden, kept), TLanes.Subtract(one, TLanes.Multiply(n, n)));
            TLanes gated = TLanes.Multiply(candidate, r);
            TLanes reset = TLanes.Multiply(TLanes.Multiply(gated, TLanes.Load(ref Unsafe.Add(ref u, at))), TLanes.Subtract(one, r));
            TLanes direct = TLanes.Multiply(hidden, z);
            TLanes update = TLanes.Multiply(TLanes.Multiply(direct, kept), TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref p, at)), n));
            TLanes.Store(reset, ref Unsafe.Add(ref g, at));
            TLanes.Store(update, ref Unsafe.Add(ref g, at + width));
            TLanes.Store(candidate, ref Unsafe.Add(ref g, at + 2 * width));
            TLanes.Store(reset, ref Unsafe.Add(ref dr, at));
            TLanes.Store(update, ref Unsafe.Add(ref dr, at + width));
            TLanes.Store(gated, ref Unsafe.Add(ref dr, at + 2 * width));
            TLanes.Store(direct, ref Unsafe.Add(ref dp, at));
        }

        return at;
    }
}
