using System.Numerics;

namespace Ashlar.Kernels;

/// <summary>One step back through an Elman cell (Elman 1990), whose hidden state is tanh or the rectifier of a sum.</summary>
public static class ElmanCellGradient
{
    /// <summary>sumGradient[i] = hiddenGradient[i] (1 - hidden[i]²).</summary>
    /// <param name="hidden">The hidden state after the step, tanh of the sum.</param>
    /// <param name="hiddenGradient">Its gradient.</param>
    /// <param name="sumGradient">Receives the sum's; may be <paramref name="hiddenGradient"/>.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void ApplyTanh(ReadOnlySpan<float> hidden, ReadOnlySpan<float> hiddenGradient, Span<float> sumGradient)
    {
        Require.SameLength(hidden.Length, sumGradient.Length);
        Require.SameLength(hiddenGradient.Length, sumGradient.Length);
        int done = 0;
        for (; done <= hidden.Length - Vector<float>.Count; done += Vector<float>.Count)
        {
            Vector<float> value = new(hidden[done..]), gradient = new(hiddenGradient[done..]);
            (gradient * (Vector<float>.One - value * value)).CopyTo(sumGradient[done..]);
        }

        for (; done < hidden.Length; done++)
            sumGradient[done] = hiddenGradient[done] * (1 - hidden[done] * hidden[done]);
    }

    /// <summary>sumGradient[i] = hiddenGradient[i] where hidden[i] is above 0, else 0.</summary>
    /// <param name="hidden">The hidden state after the step, max(sum, 0).</param>
    /// <param name="hiddenGradient">Its gradient.</param>
    /// <param name="sumGradient">Receives the sum's; may be <paramref name="hiddenGradient"/>.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void ApplyRelu(ReadOnlySpan<float> hidden, ReadOnlySpan<float> hiddenGradient, Span<float> sumGradient)
    {
        Require.SameLength(hidden.Length, sumGradient.Length);
        Require.SameLength(hiddenGradient.Length, sumGradient.Length);
        for (int i = 0; i < hidden.Length; i++)
            sumGradient[i] = hidden[i] > 0 ? hiddenGradient[i] : 0;
    }
}
