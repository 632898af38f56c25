using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class NormTests
{
    [Fact]
    public void Rms_norm_by_hand()
    {
        float[] y = new float[2];
        RmsNorm.Apply([3, 4], [1, 2], 0, y); // root mean square: sqrt(25 / 2)
        RandomRows.Close([3 / MathF.Sqrt(12.5f), 8 / MathF.Sqrt(12.5f)], y);
    }

    [Fact]
    public void Layer_norm_by_hand()
    {
        float[] y = new float[2];
        LayerNorm.Apply([1, 3], [2, 2], [10, 20], 0, y); // mean 2, variance 1
        RandomRows.Close([8, 22], y);
    }

    [Fact]
    public void Rms_norm_agrees_with_the_scalar_form_and_works_in_place() => RandomRows.Pair.Sample(pair =>
    {
        float[] expected = new float[pair.First.Length];
        RmsNorm.Scalar(pair.First, pair.Second, 1e-5f, expected);
        float[] actual = [.. pair.First];
        RmsNorm.Apply(actual, pair.Second, 1e-5f, actual);
        RandomRows.Close(expected, actual);
    });

    [Fact]
    public void Layer_norm_agrees_with_the_scalar_form_and_works_in_place() => RandomRows.Pair.Sample(pair =>
    {
        float[] bias = [.. pair.Second.Reverse()];
        float[] expected = new float[pair.First.Length];
        foreach (float[] shift in new[] { bias, [] })
        {
            LayerNorm.Scalar(pair.First, pair.Second, shift, 1e-3f, expected);
            float[] actual = [.. pair.First];
            LayerNorm.Apply(actual, pair.Second, shift, 1e-3f, actual);
            RandomRows.Close(expected, actual, 1e-4, 1e-4);
        }
    });

    [Fact]
    public void A_large_mean_costs_no_digits()
    {
        float[] x = [.. Enumerable.Range(0, 64).Select(i => 4096f + i % 2)], one = [.. Enumerable.Repeat(1f, 64)], y = new float[64];
        LayerNorm.Apply(x, one, [], 0, y); // mean 4096.5, deviation 0.5
        for (int i = 0; i < y.Length; i++)
            RandomRows.Close(i % 2 == 0 ? -1 : 1, y[i], 1e-5);
    }
}
