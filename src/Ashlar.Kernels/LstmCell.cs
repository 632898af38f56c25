using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>
/// One step of a long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), after
/// the matrix products. Gates lie as input i, forget f, candidate g, output o: the order of PyTorch.
/// </summary>
public static class LstmCell
{
    /// <summary>
    /// i, f, o = sigmoid, g = tanh of the sums; memory = f memory + i g; hidden = o tanh(memory).
    /// </summary>
    /// <param name="gates">[4 * width]: the sums W x + U h + biases; receives the gates' activations.</param>
    /// <param name="memory">[width]: the cell state c, updated.</param>
    /// <param name="hidden">Receives [width].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Apply(Span<float> gates, Span<float> memory, Span<float> hidden)
    {
        int width = hidden.Length;
        Require.SameLength(gates.Length, 4 * width);
        Require.SameLength(memory.Length, width);
        int done = 0;
        if (Vector512.IsHardwareAccelerated && width >= Lanes512.Count)
            done = Vector<Lanes512>(gates, memory, hidden);
        else if (Vector256.IsHardwareAccelerated && width >= Lanes256.Count)
            done = Vector<Lanes256>(gates, memory, hidden);
        else if (Vector128.IsHardwareAccelerated && width >= Lanes128.Count)
            done = Vector<Lanes128>(gates, memory, hidden);
        Scalar(gates, memory, hidden, done);
    }

    internal static void Scalar(Span<float> gates, Span<float> memory, Span<float> hidden, int start = 0)
    {
        int width = hidden.Length;
        for (int unit = start; unit < width; unit++)
        {
            ref float i = ref gates[unit], f = ref gates[width + unit], g = ref gates[2 * width + unit], o = ref gates[3 * width + unit];
            i = Sigmoid.Scalar(i);
            f = Sigmoid.Scalar(f);
            g = Tanh.Scalar(g);
            o = Sigmoid.Scalar(o);
            memory[unit] = f * memory[unit] + i * g;
            hidden[unit] = o * Tanh.Scalar(memory[unit]);
        }
    }

    private static int Vector<TLanes>(Span<float> gates, Span<float> memory, Span<float> hidden)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = hidden.Length;
        ref float i = ref MemoryMarshal.GetReference(gates);
        ref float f = ref Unsafe.Add(ref i, width);
        ref float g = ref Unsafe.Add(ref f, width);
        ref float o = ref Unsafe.Add(ref g, width);
        ref float c = ref MemoryMarshal.GetReference(memory);
        ref float h = ref MemoryMarshal.GetReference(hidden);
        int at = 0;
        for (; at <= width - TLanes.Count; at += TLanes.Count)
        {
            TLanes input = Sigmoid.Of(TLanes.Load(ref Unsafe.Add(ref i, at)));
            TLanes forget = Sigmoid.Of(TLanes.Load(ref Unsafe.Add(ref f, at)));
            TLanes candidate = Tanh.Of(TLanes.Load(ref Unsafe.Add(ref g, at)));
            TLanes output = Sigmoid.Of(TLanes.Load(ref Unsafe.Add(ref o, at)));
            TLanes kept = TLanes.Multiply(forget, TLanes.Load(ref Unsafe.Add(ref c, at)));
            TLanes cell = TLanes.MultiplyAdd(input, candidate, kept);
            TLanes.Store(input, ref Unsafe.Add(ref i, at));
            TLanes.Store(forget, ref Unsafe.Add(ref f, at));
            TLanes.Store(candidate, ref Unsafe.Add(ref g, at));
            TLanes.Store(output, ref Unsafe.Add(ref o, at));
            TLanes.Store(cell, ref Unsafe.Add(ref c, at));
            TLanes.Store(TLanes.Multiply(output, Tanh.Of(cell)), ref Unsafe.Add(ref h, at));
        }

        return at;
    }
}
