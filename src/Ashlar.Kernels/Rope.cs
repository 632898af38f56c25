using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>
/// Rotary position embedding (Su et al. 2021, section 3.2) in the half-split layout of the Hugging Face checkpoints:
/// component i of a head is rotated together with component i + width / 2.
/// </summary>
public static class Rope
{
    /// <summary>Angle per position of each pair: theta^(-2i / headWidth), i from 0 to headWidth / 2 - 1.</summary>
    /// <param name="headWidth">Width of a head; even.</param>
    /// <param name="theta">Base of the frequencies.</param>
    public static double[] Frequencies(int headWidth, double theta)
    {
        if (headWidth <= 0 || headWidth % 2 != 0)
            throw new ArgumentException($"The head width ({headWidth}) must be positive and even.", nameof(headWidth));
        double[] frequencies = new double[headWidth / 2];
        for (int i = 0; i < frequencies.Length; i++)
            frequencies[i] = Math.Pow(theta, -2.0 * i / headWidth);
        return frequencies;
    }

    /// <summary>
    /// Llama 3's stretching of the frequencies for contexts longer than those of pre-training, in place: long wavelengths
    /// are slowed by <paramref name="factor"/>, short ones are kept, those between are blended.
    /// </summary>
    public static void ScaleLlama3(
        Span<double> frequencies,
        double factor,
        double lowFrequencyFactor,
        double highFrequencyFactor,
        int originalContextLength)
    {
        foreach (ref double frequency in frequencies)
        {
            double wavelength = 2 * Math.PI / frequency;
            if (wavelength < originalContextLength / highFrequencyFactor)
                continue;
            if (wavelength > originalContextLength / lowFrequencyFactor)
            {
                frequency /= factor;
                continue;
            }

            double smooth = (originalContextLength / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
            frequency = (1 - smooth) * frequency / factor + smooth * frequency;
        }
    }

    /// <summary>Cosines and sines of one position's angles, computed in double.</summary>
    public static void Angles(ReadOnlySpan<double> frequencies, int position, Span<float> cosines, Span<float> sines)
    {
        Require.AtLeast(cosines.Length, frequencies.Length);
        Require.AtLeast(sines.Length, frequencies.Length);
        for (int i = 0; i < frequencies.Length; i++)
        {
            (double sine, double cosine) = Math.SinCos(position * frequencies[i]);
            cosines[i] = (float)cosine;
            sines[i] = (float)sine;
        }
    }

    /// <summary>Rotates one head in place: [headWidth], with headWidth / 2 cosines and sines.</summary>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Apply(Span<float> head, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        Require.SameLength(head.Length, 2 * cosines.Length);
        Require.SameLength(cosines.Length, sines.Length);
        int done = 0;
        if (Vector512.IsHardwareAccelerated && cosines.Length >= Lanes512.Count)
            done = Vector<Lanes512>(head, cosines, sines);
        else if (Vector256.IsHardwareAccelerated && cosines.Length >= Lanes256.Count)
            done = Vector<Lanes256>(head, cosines, sines);
        else if (Vector128.IsHardwareAccelerated && cosines.Length >= Lanes128.Count)
            done = Vector<Lanes128>(head, cosines, sines);
        Scalar(head, cosines, sines, done);
    }

    internal static void Scalar(Span<float> head, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, int start = 0)
    {
        int half = cosines.Length;
        for (int i = start; i < half; i++)
        {
            (float x, float y) = (head[i], head[i + half]);
            head[i] = x * cosines[i] - y * sines[i];
            head[i + half] = y * cosines[i] + x * sines[i];
        }
    }

    private static int Vector<TLanes>(Span<float> head, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float h = ref MemoryMarshal.GetReference(head);
        ref float c = ref MemoryMarshal.GetReference(cosines);
        ref float s = ref MemoryMarshal.GetReference(sines);
        int half = cosines.Length;
        int i = 0;
        for (; i <= half - TLanes.Count; i += TLanes.Count)
        {
            TLanes x = TLanes.Load(ref Unsafe.Add(ref h, i));
            TLanes y = TLanes.Load(ref Unsafe.Add(ref h, i + half));
            TLanes cosine = TLanes.Load(ref Unsafe.Add(ref c, i));
            TLanes sine = TLanes.Load(ref Unsafe.Add(ref s, i));
            TLanes.Store(TLanes.Subtract(TLanes.Multiply(x, cosine), TLanes.Multiply(y, sine)), ref Unsafe.Add(ref h, i));
            TLanes.Store(TLanes.Add(TLanes.Multiply(y, cosine), TLanes.Multiply(x, sine)), ref Unsafe.Add(ref h, i + half));
        }

        return i;
    }
}
