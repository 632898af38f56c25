using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>
/// One step of a gated recurrent unit (Cho et al. 2014), after the matrix products. Gates lie as reset r, update z,
/// candidate n, and the reset gate acts after the recurrent product: the form of PyTorch and cuDNN.
/// </summary>
public static class GruCell
{
    /// <summary>
    /// r, z = sigmoid(input + recurrent); n = tanh(input_n + r recurrent_n); hidden = (1 - z) n + z previous.
    /// </summary>
    /// <param name="input">[3 * width]: W x + b; receives the gates' activations r, z, n.</param>
    /// <param name="recurrent">[3 * width]: U h + d.</param>
    /// <param name="previous">[width]: the hidden state before; may be <paramref name="hidden"/>.</param>
    /// <param name="hidden">Receives [width].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Apply(Span<float> input, ReadOnlySpan<float> recurrent, ReadOnlySpan<float> previous, Span<float> hidden)
    {
        int width = hidden.Length;
        Require.SameLength(input.Length, 3 * width);
        Require.SameLength(recurrent.Length, 3 * width);
        Require.SameLength(previous.Length, width);
        int done = 0;
        if (Vector512.IsHardwareAccelerated && width >= Lanes512.Count)
            done = Vector<Lanes512>(input, recurrent, previous, hidden);
        else if (Vector256.IsHardwareAccelerated && width >= Lanes256.Count)
            done = Vector<Lanes256>(input, recurrent, previous, hidden);
        else if (Vector128.IsHardwareAccelerated && width >= Lanes128.Count)
            done = Vector<Lanes128>(input, recurrent, previous, hidden);
        Scalar(input, recurrent, previous, hidden, done);
    }

    internal static void Scalar(
        Span<float> input, ReadOnlySpan<float> recurrent, ReadOnlySpan<float> previous, Span<float> hidden, int start = 0)
    {
        int width = hidden.Length;
        for (int unit = start; unit < width; unit++)
        {
            ref float r = ref input[unit], z = ref input[width + unit], n = ref input[2 * width + unit];
            r = Sigmoid.Scalar(r + recurrent[unit]);
            z = Sigmoid.Scalar(z + recurrent[width + unit]);
            n = Tanh.Scalar(n + r * recurrent[2 * width + unit]);
            hidden[unit] = n + z * (previous[unit] - n);
        }
    }

    private static int Vector<TLanes>(Span<float> input, ReadOnlySpan<float> recurrent, ReadOnlySpan<float> previous, Span<float> hidden)
        where TLanes : struct, ILanes<TLanes>
    {
        int width = hidden.Length;
        ref float r = ref MemoryMarshal.GetReference(input);
        ref float z = ref Unsafe.Add(ref r, width);
        ref float n = ref Unsafe.Add(ref z, width);
        ref float ur = ref MemoryMarshal.GetReference(recurrent);
        ref float uz = ref Unsafe.Add(ref ur, width);
        ref float un = ref Unsafe.Add(ref uz, width);
        ref float p = ref MemoryMarshal.GetReference(previous);
        ref float h = ref MemoryMarshal.GetReference(hidden);
        int at = 0;
        for (; at <= width - TLanes.Count; at += TLanes.Count)
        {
            TLanes reset = Sigmoid.Of(TLanes.Add(TLanes.Load(ref Unsafe.Add(ref r, at)), TLanes.Load(ref Unsafe.Add(ref ur, at))));
            TLanes update = Sigmoid.Of(TLanes.Add(TLanes.Load(ref Unsafe.Add(ref z, at)), TLanes.Load(ref Unsafe.Add(ref uz, at))));
            TLanes candidate = Tanh.Of(TLanes.MultiplyAdd(
                reset, TLanes.Load(ref Unsafe.Add(ref un, at)), TLanes.Load(ref Unsafe.Add(ref n, at))));
            TLanes change = TLanes.Subtract(TLanes.Load(ref Unsafe.Add(ref p, at)), candidate);
            TLanes.Store(reset, ref Unsafe.Add(ref r, at));
            TLanes.Store(update, ref Unsafe.Add(ref z, at));
            TLanes.Store(candidate, ref Unsafe.Add(ref n, at));
            TLanes.Store(TLanes.MultiplyAdd(update, change, candidate), ref Unsafe.Add(ref h, at));
        }

        return at;
    }
}
