using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class SoftmaxTests
{
    [Fact]
    public void By_hand()
    {
        float[] row = [0, MathF.Log(3)];
        Softmax.Apply(row);
        RandomRows.Close([0.25f, 0.75f], row);
        RandomRows.Close(Math.Log(4), LogSoftmax.LogSumExp([0, MathF.Log(3)]));
    }

    [Fact]
    public void Agrees_with_the_scalar_form() => RandomRows.Row.Sample(row =>
    {
        float[] expected = [.. row], actual = [.. row];
        Softmax.Scalar(expected);
        Softmax.Apply(actual);
        RandomRows.Close(expected, actual);
        RandomRows.Close(1, actual.Sum(p => (double)p));
        RandomRows.Close(LogSoftmax.Scalar(row), LogSoftmax.LogSumExp(row));
        float[] logarithms = [.. row];
        LogSoftmax.Apply(logarithms);
        RandomRows.Close(1, logarithms.Sum(l => Math.Exp(l)), 1e-5);
    });

    [Fact]
    public void Large_values_do_not_overflow_and_masked_ones_vanish()
    {
        foreach (int length in new[] { 3, 40 })
        {
            float[] row = [.. Enumerable.Repeat(float.NegativeInfinity, length)];
            (row[0], row[length - 1]) = (10_000, 10_000);
            RandomRows.Close(10_000 + Math.Log(2), LogSoftmax.LogSumExp(row));
            Softmax.Apply(row);
            RandomRows.Close(0.5, row[0], 1e-6);
            RandomRows.Close(0.5, row[^1], 1e-6);
            Assert.All(row[1..^1], p => Assert.Equal(0, p));
        }
    }

    [Fact]
    public void Nothing_but_masked_values_is_no_distribution()
    {
        foreach (int length in new[] { 3, 40 })
        {
            float[] row = [.. Enumerable.Repeat(float.NegativeInfinity, length)];
            Assert.Equal(double.NegativeInfinity, LogSoftmax.LogSumExp(row));
            Softmax.Apply(row);
            Assert.All(row, p => Assert.True(float.IsNaN(p)));
        }
    }

    [Fact]
    public void Argmax_is_the_first_largest() => Gen.Int[-3, 3].Select(i => (float)i).Array[1, 150].Sample(row =>
        Assert.Equal(Array.IndexOf(row, row.Max()), Argmax.Of(row)));

    [Fact]
    public void Argmax_skips_nan()
    {
        foreach (int length in new[] { 3, 40 })
        {
            float[] row = new float[length];
            (row[0], row[1]) = (float.NaN, 2);
            Assert.Equal(1, Argmax.Of(row));
        }

        Assert.Throws<ArgumentException>(() => Argmax.Of([]));
    }

    [Fact]
    public void Top_k_is_a_stable_sort() =>
        Gen.Select(Gen.Int[-9, 9].Select(i => (float)i).Array[1, 150], Gen.Int[0, 150]).Sample((row, wanted) =>
        {
            int count = Math.Min(wanted, row.Length);
            int[] indices = new int[count];
            TopK.Indices(row, indices);
            Assert.Equal(TopK.Scalar(row, count), indices);
        });
}
