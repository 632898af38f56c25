using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class GemmTests
{
    private static readonly Gen<(int M, int N, int K)> Sizes = Gen.Select(Gen.Int[1, 21], Gen.Int[1, 100], Gen.Int[0, 70]);

    [Fact]
    public void By_hand()
    {
        float[] c = new float[4];
        Gemm.Multiply([1, 2, 3, 4], [5, 6, 7, 8], c, 2, 2, 2);
        Assert.Equal([19f, 22, 43, 50], c);
        Gemm.MultiplyTransposed([1, 2, 3, 4], [5, 6, 7, 8], c, 2, 2, 2);
        Assert.Equal([17f, 23, 39, 53], c);
    }

    [Fact]
    public void Agrees_with_the_scalar_form_in_both_layouts() => Sizes.SelectMany((m, n, k) => Gen.Select(
        Gen.Const((m, n, k)), RandomRows.Value.Array[m * k], RandomRows.Value.Array[k * n], RandomRows.Value.Array[n])).Sample(
        (size, a, b, bias) => Check(size.m, size.n, size.k, a, b, bias, null), iter: 300);

    [Fact]
    public void Long_inner_products_and_threads()
    {
        Random random = new(3);
        using WorkerPool pool = new(3);
        foreach ((int m, int n, int k) in new[] { (1, 700, 300), (13, 130, 1030), (8, 32, 256), (64, 33, 257) })
            Check(m, n, k, Values(random, m * k), Values(random, k * n), Values(random, n), pool);
    }

    [Fact]
    public void A_row_does_not_depend_on_the_rows_beside_it()
    {
        Random random = new(4);
        const int M = 15, N = 330, K = 600; // a single row takes four panels at once, and there are more
        PackedMatrix b = PackedMatrix.FromInputRows(Values(random, K * N), K, N);
        float[] a = Values(random, M * K), together = new float[M * N], alone = new float[N];
        Gemm.Multiply(a, M, b, [], together);
        for (int row = 0; row < M; row++)
        {
            Gemm.Multiply(a.AsSpan(row * K, K), 1, b, [], alone);
            Assert.Equal(together[(row * N)..((row + 1) * N)], alone);
        }
    }

    [Fact]
    public void Nothing_is_written_past_the_result()
    {
        Random random = new(5);
        float[] c = [.. Enumerable.Repeat(7f, 3 * 33 + 64)];
        Gemm.Multiply(Values(random, 3 * 5), 3, PackedMatrix.FromInputRows(Values(random, 5 * 33), 5, 33), [], c);
        Assert.All(c[(3 * 33)..], value => Assert.Equal(7, value));
    }

    [Fact]
    public void A_column_comes_back_as_it_was_packed()
    {
        Random random = new(6);
        float[] weight = Values(random, 70 * 9), row = new float[9];
        PackedMatrix packed = PackedMatrix.FromOutputRows(weight, 70, 9);
        for (int i = 0; i < 70; i++)
        {
            packed.CopyColumn(i, row);
            Assert.Equal(weight[(i * 9)..(i * 9 + 9)], row);
        }
    }

    [Fact]
    public void Wrong_sizes_are_refused()
    {
        PackedMatrix b = PackedMatrix.FromInputRows(new float[6], 2, 3);
        Assert.Throws<ArgumentException>(() => PackedMatrix.FromInputRows(new float[5], 2, 3));
        Assert.Throws<ArgumentException>(() => Gemm.Multiply(new float[3], 2, b, [], new float[6]));
        Assert.Throws<ArgumentException>(() => Gemm.Multiply(new float[4], 2, b, [], new float[5]));
        Assert.Throws<ArgumentException>(() => Gemm.Multiply(new float[4], 2, b, new float[2], new float[6]));
    }

    [Fact]
    public void A_failure_in_a_loop_reaches_the_caller_and_the_pool_lives_on()
    {
        using WorkerPool pool = new(4);
        for (int round = 0; round < 50; round++)
        {
            Assert.Throws<InvalidTimeZoneException>(() => pool.For(100, i =>
            {
                if (i == 57)
                    throw new InvalidTimeZoneException();
            }));
            int[] calls = new int[100];
            pool.For(100, i => Interlocked.Increment(ref calls[i]));
            Assert.All(calls, count => Assert.Equal(1, count));
        }
    }

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];

    private static void Check(int m, int n, int k, float[] a, float[] b, float[] bias, WorkerPool? pool)
    {
        float[] transposed = new float[n * k];
        for (int i = 0; i < k; i++)
            for (int j = 0; j < n; j++)
                transposed[j * k + i] = b[i * n + j];
        double tolerance = 1e-6 * (k + 1) * 64;
        foreach (float[] shift in new[] { bias, [] })
        {
            float[] expected = new float[m * n], actual = new float[m * n];
            Gemm.Scalar(a, m, b, n, k, shift, expected);
            Gemm.Multiply(a, m, PackedMatrix.FromInputRows(b, k, n), shift, actual, pool);
            RandomRows.Close(expected, actual, 1e-5, tolerance);
            Gemm.Multiply(a, m, PackedMatrix.FromOutputRows(transposed, n, k), shift, actual, pool);
            RandomRows.Close(expected, actual, 1e-5, tolerance);

            // Rows of the bias to start from, and the product added to them: the same sums in the same order.
            float[] accumulated = new float[m * n];
            for (int row = 0; row < m && shift.Length > 0; row++)
                shift.CopyTo(accumulated, row * n);
            Gemm.Accumulate(a, m, PackedMatrix.FromInputRows(b, k, n), accumulated, pool);
            Assert.Equal(actual, accumulated);
        }
    }
}
