namespace Ashlar.Kernels.Tests;

public sealed class ScatteredAttentionTests
{
    [Fact]
    public void By_hand()
    {
        // One head of one value: scores 0 and ln 3, so the shares are a quarter and three.
        float[] output = new float[1], weights = new float[ScatteredAttention.Space(2)];
        ScatteredAttention.Apply([MathF.Log(3)], [[0, 8], [1, 4]], 0, 1, 1, weights, output);
        Assert.Equal(0.25f * 8 + 0.75f * 4, output[0], 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(18)]
    [InlineData(24)]
    [InlineData(32)]
    [InlineData(80)]
    public void Agrees_with_sums_in_double(int headWidth)
    {
        Random random = new(headWidth);
        foreach (int length in new[] { 1, 2, 15, 16, 17, 50 })
        {
            const int Heads = 3, KeyAt = 5;
            int width = Heads * headWidth, valueAt = KeyAt + width + 2;
            float[] query = Values(width), output = new float[width], weights = new float[ScatteredAttention.Space(length)];
            float[][] tokens = [.. Enumerable.Range(0, length).Select(_ => Values(valueAt + width))];
            ScatteredAttention.Apply(query, tokens, KeyAt, valueAt, headWidth, weights, output);
            for (int i = 0; i < width; i++)
            {
                int head = i / headWidth * headWidth;
                double[] shares = [.. tokens.Select(token => Math.Exp(Enumerable.Range(head, headWidth).Sum(j => (double)query[j] * token[KeyAt + j]) / Math.Sqrt(headWidth)))];
                double expected = tokens.Select((token, t) => shares[t] * token[valueAt + i]).Sum() / shares.Sum();
                Assert.Equal(expected, output[i], 2e-5);
            }
        }

        float[] Values(int length) => [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() - 0.5f) * 3)];
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        float[] weights = new float[16], output = new float[4];
        Assert.Throws<ArgumentException>(() => ScatteredAttention.Apply(new float[4], [new float[7]], 0, 4, 2, weights, output));
        Assert.Throws<ArgumentException>(() => ScatteredAttention.Apply(new float[4], [new float[8]], 0, 4, 3, weights, output));
        Assert.Throws<ArgumentException>(() => ScatteredAttention.Apply(new float[4], [new float[8]], 0, 4, 2, new float[15], output));
        Assert.Throws<ArgumentOutOfRangeException>(() => ScatteredAttention.Apply(new float[4], [], 0, 4, 2, weights, output));
    }
}
