using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The position of the largest value.</summary>
public static class Argmax
{
    /// <summary>Index of the largest value, the first of equals. NaN is skipped; a row of nothing but NaN gives 0.</summary>
    /// <exception cref="ArgumentException">The row is empty.</exception>
    public static int Of(ReadOnlySpan<float> values)
    {
        if (values.IsEmpty)
            throw new ArgumentException("The largest of no values was asked for.", nameof(values));
        float largest;
        if (Vector512.IsHardwareAccelerated && values.Length >= Lanes512.Count)
            largest = Softmax.Largest<Lanes512>(values);
        else if (Vector256.IsHardwareAccelerated && values.Length >= Lanes256.Count)
            largest = Softmax.Largest<Lanes256>(values);
        else if (Vector128.IsHardwareAccelerated && values.Length >= Lanes128.Count)
            largest = Softmax.Largest<Lanes128>(values);
        else
            return Scalar(values);
        return float.IsNaN(largest) ? Scalar(values) : values.IndexOf(largest);
    }

    internal static int Scalar(ReadOnlySpan<float> values)
    {
        int best = -1;
        for (int i = 0; i < values.Length; i++)
            if (!float.IsNaN(values[i]) && (best < 0 || values[i] > values[best]))
                best = i;
        return Math.Max(best, 0);
    }
}
