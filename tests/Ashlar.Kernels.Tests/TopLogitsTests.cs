using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class TopLogitsTests
{
    [Fact]
    public void By_hand()
    {
        // 1 x 2 times 2 x 4: logits 1, 3, 2, 3.
        PackedMatrix b = PackedMatrix.FromInputRows([1, 3, 2, 0, 0, 0, 0, 1], 2, 4);
        int[] indices = new int[3];
        float[] values = new float[3];
        double[] totals = new double[1];
        TopLogits.Apply([1, 3], 1, b, [], [], 3, indices, values, totals);
        Assert.Equal([1, 3, 2], indices);
        Assert.Equal([3f, 3, 2], values);
        Assert.Equal(Math.Log(Math.E + 2 * Math.Exp(3) + Math.Exp(2)), totals[0], 1e-6);
        TopLogits.Apply([1, 3], 1, b, [0, 0, 2, 0], [false, true, false, false], 3, indices, values, totals);
        Assert.Equal([2, 3, 0], indices);
        Assert.Equal([4f, 3, 1], values);
        // What is forbidden keeps its share.
        Assert.Equal(Math.Log(Math.E + 2 * Math.Exp(3) + Math.Exp(4)), totals[0], 1e-6);
    }

    // Rows and columns around the sizes of tiles, panels and chunks, more columns than four chunks, long inner products, several threads.
    [Fact]
    public void Agrees_with_the_whole_product()
    {
        Random random = new(3);
        using WorkerPool pool = new(3);
        foreach ((int m, int n, int k, int count) in new[] { (1, 700, 30, 1), (1, 2300, 300, 6), (3, 31, 8, 4), (9, 2048, 16, 3), (13, 2100, 40, 7), (40, 513, 257, 2), (2, 5, 3, 5) })
            Check(m, n, k, count, random, pool);
    }

    [Fact]
    public void Agrees_with_the_whole_product_at_random() => Gen.Select(Gen.Int[1, 20], Gen.Int[1, 200], Gen.Int[0, 40], Gen.Int[0, 1000]).Sample(
        (m, n, k, seed) => Check(m, n, k, Math.Min(n, 1 + (seed % 6)), new Random(seed), null), iter: 200);

    private static void Check(int m, int n, int k, int count, Random random, WorkerPool? pool)
    {
        float[] a = Values(m * k), weight = Values(n * k), bias = Values(n);
        bool[] forbidden = [.. Enumerable.Range(0, n).Select(_ => random.Next(5) == 0)];
        if (random.Next(2) == 0)
            bias[random.Next(n)] = float.NegativeInfinity;
        PackedMatrix b = PackedMatrix.FromOutputRows(weight, n, k);
        float[] logits = new float[m * n];
        Gemm.Multiply(a, m, b, bias, logits);
        int[] indices = new int[m * count];
        float[] values = new float[m * count];
        double[] totals = new double[m];
        TopLogits.Apply(a, m, b, bias, forbidden, count, indices, values, totals, pool);
        for (int row = 0; row < m; row++)
        {
            float[] own = logits[(row * n)..((row + 1) * n)];
            double largest = own.Max();
            double total = double.IsNegativeInfinity(largest) ? largest : largest + Math.Log(own.Sum(value => Math.Exp(value - largest)));
            RandomRows.Close(total, totals[row], 1e-6, 1e-6);
            int[] expected = [.. Enumerable.Range(0, n).Where(i => !forbidden[i] && own[i] > float.NegativeInfinity).OrderByDescending(i => own[i]).ThenBy(i => i).Take(count)];
            int[] found = [.. indices[(row * count)..((row + 1) * count)].TakeWhile(i => i >= 0)];
            Assert.Equal(expected, found);
            Assert.All(indices[(row * count + found.Length)..((row + 1) * count)], index => Assert.Equal(-1, index));
            // Not near: the same.
            Assert.Equal(expected.Select(i => own[i]), values[(row * count)..(row * count + found.Length)]);

            // A row by itself, and without the sum.
            int[] alone = new int[count];
            float[] aloneValues = new float[count];
            double[] aloneTotal = new double[1];
            TopLogits.Apply(a.AsSpan(row * k, k), 1, b, bias, forbidden, count, alone, aloneValues, aloneTotal);
            Assert.Equal(indices[(row * count)..((row + 1) * count)], alone);
            Assert.Equal(totals[row], aloneTotal[0]);
            TopLogits.Apply(a.AsSpan(row * k, k), 1, b, bias, forbidden, count, alone, aloneValues, []);
            Assert.Equal(indices[(row * count)..((row + 1) * count)], alone);
        }

        float[] Values(int length) => [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() - 0.5f) * 4)];
    }

    [Fact]
    public void Far_apart_and_infinite_values()
    {
        // k = 0: the logits are the bias.
        PackedMatrix nothing = PackedMatrix.FromOutputRows([], 1100, 0);
        float[] bias = [.. Enumerable.Repeat(-1000f, 1100)];
        Assert.Equal(-1000 + Math.Log(1100), Total(bias), 1e-3);
        bias[1099] = 500;
        Assert.Equal(500, Total(bias), 1e-6);
        bias.AsSpan().Fill(float.NegativeInfinity);
        Assert.Equal(double.NegativeInfinity, Total(bias));
        bias[700] = -3;
        Assert.Equal(-3, Total(bias), 1e-6);
        bias[3] = float.NaN;
        Assert.Equal(double.NaN, Total(bias));
        // Where a register of its panel has the largest.
        (bias[3], bias[700 - 16]) = (float.NegativeInfinity, float.NaN);
        Assert.Equal(double.NaN, Total(bias));
        bias[3] = float.PositiveInfinity;
        Assert.Equal(double.PositiveInfinity, Total(bias));

        double Total(float[] logits)
        {
            double[] total = new double[1];
            int[] index = new int[1];
            TopLogits.Apply([], 1, nothing, logits, [], 1, index, new float[1], total);
            int best = Array.FindIndex(logits, value => value > float.NegativeInfinity && value == logits.Where(other => !float.IsNaN(other)).Max());
            Assert.Equal(best, index[0]);
            return total[0];
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        PackedMatrix b = PackedMatrix.FromOutputRows(new float[6], 3, 2);
        Assert.Throws<ArgumentException>(() => TopLogits.Apply(new float[1], 1, b, [], [], 1, new int[1], new float[1], []));
        Assert.Throws<ArgumentException>(() => TopLogits.Apply(new float[2], 1, b, new float[2], [], 1, new int[1], new float[1], []));
        Assert.Throws<ArgumentException>(() => TopLogits.Apply(new float[2], 1, b, [], new bool[2], 1, new int[1], new float[1], []));
        Assert.Throws<ArgumentException>(() => TopLogits.Apply(new float[4], 2, b, [], [], 2, new int[3], new float[4], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => TopLogits.Apply(new float[2], 1, b, [], [], 0, [], [], []));
    }
}
