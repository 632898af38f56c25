using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class DotTests
{
    [Fact]
    public void Product_is_the_sum_of_products() => Assert.Equal(32f, Dot.Product([1, 2, 3], [4, 5, 6]));

    [Fact]
    public void Every_width_agrees_with_the_scalar_form() => RandomRows.Pair.Sample(pair =>
    {
        double magnitude = pair.First.Zip(pair.Second, (a, b) => Math.Abs((double)a * b)).Sum();
        double exact = pair.First.Zip(pair.Second, (a, b) => (double)a * b).Sum();
        RandomRows.Close(exact, Dot.Product(pair.First, pair.Second), 0, 1e-6 * magnitude + 1e-9);
        RandomRows.Close(exact, Dot.Scalar(pair.First, pair.Second), 0, 1e-5 * magnitude + 1e-9);
    });

    [Fact]
    public void Different_lengths_are_refused() =>
        Assert.Throws<ArgumentException>(() => Dot.Product(new float[2], new float[3]));

    [Fact]
    public void Gemv_agrees_with_the_scalar_form() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 70]).SelectMany((n, k) =>
            Gen.Select(RandomRows.Value.Array[n * k], RandomRows.Value.Array[k], RandomRows.Value.Array[n])).Sample((w, x, b) =>
            {
                float[] expected = new float[b.Length], actual = new float[b.Length];
                Gemv.Scalar(w, x, b, expected);
                Gemv.Multiply(w, x, b, actual);
                RandomRows.Close(expected, actual, 1e-5, 64 * x.Length * 1e-6);
            });
}
