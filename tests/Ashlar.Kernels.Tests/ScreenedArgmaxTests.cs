using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class ScreenedArgmaxTests
{
    [Fact]
    public void By_hand()
    {
        // 1 x 2 times 2 x 4: 1, 3, 2, 3.
        PackedMatrix b = PackedMatrix.FromInputRows([1, 3, 2, 0, 0, 0, 0, 1], 2, 4);
        Assert.Equal((1, 3f), Find(new ScreenedArgmax(b, []), [1, 3], []));
        Assert.Equal((3, 3f), Find(new ScreenedArgmax(b, []), [1, 3], [false, true, false, false]));
        Assert.Equal((2, 4f), Find(new ScreenedArgmax(b, [0, 0, 2, 0]), [1, 3], []));
        Assert.Equal((-1, float.NegativeInfinity), Find(new ScreenedArgmax(b, []), [1, 3], [true, true, true, true]));
    }

    // Columns around the sizes of panels, inner products that are no whole groups of codes, with and without bias.
    [Fact]
    public void Is_the_largest_of_the_whole_product_at_random() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 700], Gen.Int[0, 70], Gen.Int[0, 100_000]).Sample(
        (m, n, k, seed) =>
        {
            Random random = new(seed);
            float[] bias = seed % 3 == 0 ? [] : Values(random, n, 1);
            if (seed % 5 == 0 && bias.Length > 0)
                bias[random.Next(n)] = float.NegativeInfinity;
            bool[] forbidden = seed % 2 == 0 ? [] : [.. Enumerable.Range(0, n).Select(_ => random.Next(5) == 0)];
            Check(Values(random, m * k, Math.Pow(10, random.Next(-6, 6))), m, Values(random, n * k, Math.Pow(10, random.Next(-6, 6))), n, k, bias, forbidden);
        },
        iter: 500);

    // Columns that differ by less than their codes tell, by the last bit, or not at all: the codes can't choose, and the product must.
    [Fact]
    public void Near_and_equal_columns_are_told_apart_as_the_product_does() => Gen.Select(Gen.Int[33, 600], Gen.Int[1, 70], Gen.Int[0, 100_000]).Sample(
        (n, k, seed) =>
        {
            Random random = new(seed);
            float[] a = Values(random, k, 1), best = [.. a.Select(value => value * (0.5f + random.NextSingle()))], weight = Values(random, n * k, 0.3);
            float[] bias = [.. Enumerable.Range(0, n).Select(_ => random.Next(3) == 0 ? 1e-6f * random.NextSingle() : 0)];
            int near = random.Next(1, n);
            for (int copy = 0; copy < near; copy++)
            {
                int column = random.Next(n);
                best.CopyTo(weight, column * k);
                if (random.Next(3) > 0)
                {
                    ref float changed = ref weight[(column * k) + random.Next(k)];
                    changed = random.Next(2) == 0 ? MathF.BitIncrement(changed) : changed + (1e-4f * (random.NextSingle() - 0.5f));
                }
            }

            Check(a, 1, weight, n, k, bias, []);
        },
        iter: 500);

    // One large weight makes a column's codes coarse; one large activation makes all of them coarse.
    [Fact]
    public void Coarse_codes_lose_nothing() => Gen.Select(Gen.Int[1, 400], Gen.Int[2, 70], Gen.Int[0, 100_000]).Sample(
        (n, k, seed) =>
        {
            Random random = new(seed);
            float[] a = Values(random, k, 1), weight = Values(random, n * k, 1);
            a[random.Next(k)] *= 1000;
            for (int i = 0; i < n / 2; i++)
                weight[random.Next(weight.Length)] *= random.Next(1, 10_000);
            Check(a, 1, weight, n, k, [], []);
        },
        iter: 300);

    [Fact]
    public void Values_that_no_code_can_hold_are_left_to_the_product()
    {
        Random random = new(1);
        const int N = 100, K = 9;
        float[] a = Values(random, K, 1), weight = Values(random, N * K, 1), bias = Values(random, N, 1);
        foreach (float odd in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e30f, 1e-40f, 0])
        {
            Check([odd, .. a[1..]], 1, weight, N, K, bias, []);
            Check(a, 1, [odd, .. weight[1..]], N, K, bias, []);
            Check(a, 1, weight, N, K, [odd, .. bias[1..]], []);
            Check([.. Enumerable.Repeat(odd, K)], 1, weight, N, K, bias, []);
            Check(a, 1, [.. Enumerable.Repeat(odd, N * K)], N, K, bias, []);
            Check(a, 1, weight, N, K, [.. Enumerable.Repeat(odd, N)], []);
        }
    }

    [Fact]
    public unsafe void Every_form_of_the_integer_product_is_the_same() => Gen.Select(Gen.Int[0, 40], Gen.Int[0, 1000]).Sample(
        (groups, seed) =>
        {
            Random random = new(seed);
            int depth = 4 * groups;
            byte[] x = new byte[depth];
            random.NextBytes(x);
            // The largest products of both signs among them.
            sbyte[] w = [.. Enumerable.Range(0, depth * 32).Select(_ => (sbyte)(random.Next(4) switch { 0 => -127, 1 => 127, _ => random.Next(-127, 128) }))];
            if (seed % 2 == 0)
                x.AsSpan().Fill(255);
            int[] starts = [.. Enumerable.Range(0, 32).Select(_ => random.Next(-1_000_000, 1_000_000))];
            int[] expected = [.. Enumerable.Range(0, 32).Select(column =>
                starts[column] + Enumerable.Range(0, depth).Sum(i => x[i] * w[(i / 4 * 128) + (column * 4) + (i % 4)]))];
            int[] sums = new int[32];
            fixed (byte* left = x)
            fixed (sbyte* right = w)
            fixed (int* first = starts, result = sums)
            {
                ScreenedPanels.Scalar(left, right, depth, first, result);
                Assert.Equal(expected, sums);
                if (System.Runtime.Intrinsics.X86.Avx2.IsSupported)
                {
                    Array.Clear(sums);
                    ScreenedPanels.Pairs(left, right, depth, first, result);
                    Assert.Equal(expected, sums);
                }

                if (System.Runtime.Intrinsics.X86.AvxVnni.IsSupported)
                {
                    Array.Clear(sums);
                    ScreenedPanels.Vnni(left, right, depth, first, result);
                    Assert.Equal(expected, sums);
                }
            }
        });

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        PackedMatrix b = PackedMatrix.FromOutputRows(new float[6], 3, 2);
        Assert.Throws<ArgumentException>(() => new ScreenedArgmax(b, new float[2]));
        ScreenedArgmax argmax = new(b, []);
        Assert.Throws<ArgumentException>(() => argmax.Apply(new float[1], 1, [], new int[1], new float[1]));
        Assert.Throws<ArgumentException>(() => argmax.Apply(new float[2], 1, new bool[2], new int[1], new float[1]));
        Assert.Throws<ArgumentException>(() => argmax.Apply(new float[4], 2, [], new int[1], new float[2]));
        Assert.Throws<ArgumentException>(() => argmax.Apply(new float[4], 2, [], new int[2], new float[1]));
    }

    private static (int Index, float Value) Find(ScreenedArgmax argmax, float[] a, bool[] forbidden)
    {
        int[] indices = [-7];
        float[] values = [-7];
        argmax.Apply(a, 1, forbidden, indices, values);
        return (indices[0], values[0]);
    }

    // Against a plain search through the logits that the product writes.
    private static void Check(float[] a, int m, float[] weight, int n, int k, float[] bias, bool[] forbidden)
    {
        PackedMatrix b = PackedMatrix.FromOutputRows(weight, n, k);
        float[] logits = new float[m * n], values = new float[m];
        Gemm.Multiply(a, m, b, bias, logits);
        int[] indices = new int[m];
        ScreenedArgmax argmax = new(b, bias);
        argmax.Apply(a, m, forbidden, indices, values);
        for (int row = 0; row < m; row++)
        {
            (int best, float largest) = (-1, float.NegativeInfinity);
            for (int i = 0; i < n; i++)
                if ((forbidden.Length == 0 || !forbidden[i]) && logits[(row * n) + i] > largest)
                    (best, largest) = (i, logits[(row * n) + i]);
            Assert.Equal((best, largest), (indices[row], values[row]));
        }

        using WorkerPool pool = new(2);
        int[] shared = new int[m];
        argmax.Apply(a, m, forbidden, shared, values, pool);
        Assert.Equal(indices, shared);
    }

    private static float[] Values(Random random, int length, double size) => [.. Enumerable.Range(0, length).Select(_ => (float)((random.NextSingle() - 0.5) * 2 * size))];
}
