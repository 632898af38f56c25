using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>One step back through a <see cref="LstmCell"/>.</summary>
public static class LstmCellGradient
{
    /// <summary>
    /// With dc = memoryGradient + dh · o (1 - tanh²c): the gates become the gradients of the sums they are functions of, and the memory's
    /// gradient that of the memory before, dc · f.
    /// </summary>
    /// <param name="gates">[4 * width]: the activations i, f, g, o; receives the gradients of their sums.</param>
    /// <param name="previousMemory">[width]: the cell state before the step.</param>
    /// <param name="memory">[width]: the cell state after it.</param>
    /// <param name="hiddenGradient">[width]: gradient of the step's hidden state.</param>
    /// <param name="memoryGradient">[width]: gradient of the memory after the step from later steps; receives that of the memory before.</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Apply(
        Span<float> gates,
        ReadOnlySpan<float> previousMemory,
        ReadOnlySpan<float> memory,
        ReadOnlySpan<float> hiddenGradient,
        Span<float> memoryGradient)
    {
        int width = memoryGradient.Length;
        Require.SameLength(gates.Length, 4 * width);
        Require.SameLength(previousMemory.Length, width);
        Require.SameLength(memory.Length, width);
        Require.SameLength(hiddenGradient.Length, width);
        int done = 0;
        if (Vector512.IsHardwareAccelerated && width >= Lanes512.Count)
            done = Vector<Lanes512>(gates, previousMemory, memory, hiddenGradient, memoryGradient);
        else if (Vector256.IsHardwareAccelerated && width >= Lanes256.Count)
            done = Vector<Lanes256>(gates, previousMemory, memory, hiddenGradient, memoryGradient);
        else if (Vector128.IsHardwareAccelerated && width >= Lanes128.Count)
            done = Vector<Lanes128>(gates, previousMemory, memory, hiddenGradient, memoryGradient);
        Scalar(gates, previousMemory, memory, hiddenGradient, memoryGradient, done);
    }

    internal static void Scalar(
        Span<float> gates,
        ReadOnlySpan<float> previousMemory,
        ReadOnlySpan<float> memory,
        ReadOnlySpan<float> hiddenGradient,
        Span<float> memoryGradient,
        int start = 0)
    {
        int width = memoryGradient.Length;
        for (int unit = start; unit < width; unit++)
        {
            ref float i = ref gates[unit], f = ref gates[width + unit], g = ref gates[2 * width + unit], o = ref gates[3 * width + unit];
            float shown = Tanh.Scalar(memory[unit]);
            float hidden = hiddenGradient[unit];
            float change = memoryGradient[unit] + hidden * o * (1 - shown * shown);
            (float input, float forget, float candidate) = (i, f, g);
            i = change * candidate * input * (1 - input);
            f = change * previousMemory[unit] * forget * (1 - forget);
            g = change * input * (1 - candidate * candidate);
            o = hidden * shown * o * (1 - o);
            memoryGradient[unit] = change * forget;
        }
    }

    private static int Vector<TLanes>(
        Span<float> gates,
        ReadOnlySpan<float> previousMemory,
        ReadOnlySpan<float> memory,
        ReadOnlySpan<float> hiddenGradient,
        Span<float> memoryGradient)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = memoryGradient.Length;
        ref float i = ref MemoryMarshal.GetReference(gates);
        ref float f = ref Unsafe.Add(ref i, width);
        ref float g = ref Unsafe.Add(ref f, width);
        ref float o = ref Unsafe.Add(ref g, width);
        ref float p = ref MemoryMarshal.GetReference(previousMemory);
        ref float c = ref MemoryMarshal.GetReference(memory);
        ref float dh = ref MemoryMarshal.GetReference(hiddenGradient);
        ref float dc = ref MemoryMarshal.GetReference(memoryGradient);
        TLanes one = TLanes.Broadcast(1);
        int at = 0;
        for (; at <= width - TLanes.Count; at += TLanes.Count)
        {
            TLanes input = TLanes.Load(ref Unsafe.Add(ref i, at));
            TLanes forget = TLanes.Load(ref Unsafe.Add(ref f, at));
            TLanes candidate = TLanes.Load(ref Unsafe.Add(ref g, at));
            TLanes output = TLanes.Load(ref Unsafe.Add(ref o, at));
            TLanes shown = Tanh.Of(TLanes.Load(ref Unsafe.Add(ref c, at)));
            TLanes hidden = TLanes.Load(ref Unsafe.Add(ref dh, at));
            TLanes through = TLanes.Multiply(hidden, output);
            TLanes change = TLanes.MultiplyAdd(
                through, TLanes.Subtract(one, TLanes.Multiply(shown, shown)), TLanes.Load(ref Unsafe.Add(ref dc, at)));
            TLanes byInput = TLanes.Multiply(change, input);
            TLanes byForget = TLanes.Multiply(change, forget);
            TLanes.Store(
                TLanes.Multiply(TLanes.Multiply(byInput, candidate), TLanes.Subtract(one, input)), ref Unsafe.Add(ref i, at));
            TLanes.Store(
                TLanes.Multiply(TLanes.Multiply(byForget, TLanes.Load(ref Unsafe.Add(ref p, at))), TLanes.Subtract(one, forget)),
                ref Unsafe.Add(ref f, at));
            TLanes.Store(
                TLanes.Multiply(byInput, TLanes.Subtract(one, TLanes.Multiply(candidate, candidate))), ref Unsafe.Add(ref g, at));
            TLanes.Store(
                TLanes.Multiply(TLanes.Multiply(through, shown), TLanes.Subtract(one, output)), ref Unsafe.Add(ref o, at));
            TLanes.Store(byForget, ref Unsafe.Add(ref dc, at));
        }

        return at;
    }
}
