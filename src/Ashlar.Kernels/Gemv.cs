namespace Ashlar.Kernels;

/// <summary>Matrix times vector, with the matrix as it lies in a file.</summary>
public static class Gemv
{
    /// <summary>
    /// y[i] = weight[i] . x (+ bias[i]), with the weight as [n, k] row after row. For a weight that is used again and again,
    /// <see cref="Gemm"/> with a <see cref="PackedMatrix"/> gives the same for one row or many.
    /// </summary>
    /// <param name="weight">[n, k].</param>
    /// <param name="x">[k].</param>
    /// <param name="bias">[n], or empty for none.</param>
    /// <param name="y">Receives [n].</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static void Multiply(ReadOnlySpan<float> weight, ReadOnlySpan<float> x, ReadOnlySpan<float> bias, Span<float> y)
    {
        int k = x.Length;
        Require.SameLength(weight.Length, y.Length * k);
        if (!bias.IsEmpty)
            Require.SameLength(bias.Length, y.Length);
        for (int i = 0; i < y.Length; i++)
            y[i] = Dot.Product(weight.Slice(i * k, k), x) + (bias.IsEmpty ? 0 : bias[i]);
    }

    internal static void Scalar(ReadOnlySpan<float> weight, ReadOnlySpan<float> x, ReadOnlySpan<float> bias, Span<float> y)
    {
        for (int i = 0; i < y.Length; i++)
            y[i] = Dot.Scalar(weight.Slice(i * x.Length, x.Length), x) + (bias.IsEmpty ? 0 : bias[i]);
    }
}
