using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class ActivationTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0.8411919906)]
    [InlineData(-1, -0.1588080094)]
    [InlineData(3, 2.9963627)]
    [InlineData(-3, -0.0036373)]
    [InlineData(40, 40)]
    [InlineData(-40, 0)]
    public void Tanh_gelu(float x, double expected)
    {
        float[] row = [.. Enumerable.Repeat(x, 33)];
        Gelu.ApplyTanh(row);
        Assert.All(row, y => RandomRows.Close(expected, y, 1e-6, 1e-6));
    }

    // x Phi(x) with Phi from tables of the normal distribution.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0.8413447461)]
    [InlineData(-1, -0.1586552539)]
    [InlineData(2, 1.9544997361)]
    [InlineData(-2, -0.0455002639)]
    [InlineData(-5, -1.4332582e-6)]
    [InlineData(100, 100)]
    public void Exact_gelu(float x, double expected)
    {
        float[] row = [.. Enumerable.Repeat(x, 33)];
        Gelu.ApplyExact(row);
        Assert.All(row, y => RandomRows.Close(expected, y, 1e-5, 1e-7));
    }

    [Fact]
    public void Exact_gelu_has_the_slope_of_the_normal_distribution() => Gen.Double[-4, 4].Sample(x =>
    {
        // d/dx (x Phi(x)) = Phi(x) + x phi(x): integrate it from 0 by Simpson's rule, independent of any fit of erf.
        double integral = 0;
        const int Steps = 200;
        for (int i = 0; i <= Steps; i++)
            integral += (i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2) * Math.Exp(-Math.Pow(x * i / Steps, 2) / 2);
        double phi = 0.5 + integral * x / Steps / 3 / Math.Sqrt(2 * Math.PI);
        RandomRows.Close(x * phi, Gelu.ScalarExact((float)x), 1e-6, 1e-6);
    }, iter: 200);

    [Fact]
    public void Every_width_agrees_with_the_scalar_forms() => RandomRows.Pair.Sample(pair =>
    {
        float[] tanh = [.. pair.First], exact = [.. pair.First], gate = [.. pair.First], sum = [.. pair.First];
        Gelu.ApplyTanh(tanh);
        Gelu.ApplyExact(exact);
        SiluGate.Apply(gate, pair.Second);
        Addition.Accumulate(sum, pair.Second);
        for (int i = 0; i < tanh.Length; i++)
        {
            (float x, float up) = (pair.First[i], pair.Second[i]);
            RandomRows.Close(Gelu.ScalarTanh(x), tanh[i]);
            RandomRows.Close(Gelu.ScalarExact(x), exact[i]);
            RandomRows.Close(SiluGate.Scalar(x, up), gate[i]);
            Assert.Equal(x + up, sum[i]);
        }
    });

    [Theory]
    [InlineData(0, 5, 0)]
    [InlineData(1, 2, 1.4621171573)]
    [InlineData(-200, 1, 0)]
    public void Silu_gate_by_hand(float gate, float up, double expected)
    {
        float[] row = [.. Enumerable.Repeat(gate, 17)];
        SiluGate.Apply(row, [.. Enumerable.Repeat(up, 17)]);
        Assert.All(row, y => RandomRows.Close(expected, y));
    }
}
