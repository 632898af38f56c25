using Ashlar.Inference.Decoding;
using CsCheck;

namespace Ashlar.Inference.Tests.Decoding;

public sealed class SamplerTests
{
    private const float Out = float.NegativeInfinity;

    // log 0.5, log 0.25, log 0.15, log 0.1 in another order
    private static float[] Four => [MathF.Log(0.15f), MathF.Log(0.5f), MathF.Log(0.1f), MathF.Log(0.25f)];

    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(2, new[] { 1, 3 })]
    [InlineData(9, new[] { 0, 1, 2, 3 })]
    public void Top_k(int k, int[] kept) => Assert.Equal(kept, Kept(new TopKFilter(k)));

    [Theory]
    [InlineData(0.4, new[] { 1 })]
    [InlineData(0.6, new[] { 1, 3 })]
    [InlineData(0.8, new[] { 0, 1, 3 })]
    [InlineData(0.95, new[] { 0, 1, 2, 3 })]
    [InlineData(1, new[] { 0, 1, 2, 3 })]
    public void Top_p(double p, int[] kept) => Assert.Equal(kept, Kept(new TopPFilter(p)));

    [Theory]
    [InlineData(0, new[] { 0, 1, 2, 3 })]
    [InlineData(0.25, new[] { 0, 1, 3 })]
    [InlineData(0.4, new[] { 1, 3 })]
    [InlineData(1, new[] { 1 })]
    public void Min_p(double p, int[] kept) => Assert.Equal(kept, Kept(new MinPFilter(p)));

    [Fact]
    public void Top_p_of_a_flat_distribution_looks_at_all_of_it()
    {
        float[] logits = new float[5000];
        new TopPFilter(0.5).Apply([], logits);
        Assert.InRange(logits.Count(l => l == 0), 2490, 2510);
    }

    [Fact]
    public void Repetition_penalty_divides_positive_and_multiplies_negative_logits()
    {
        float[] logits = [2, -2, 2, -2];
        new RepetitionPenalty(2).Apply([0, 1, 0], logits);
        Assert.Equal([1, -4, 2, -2], logits);
        logits = [2, -2, 2, -2];
        new RepetitionPenalty(2, window: 1).Apply([0, 1, 2], logits);
        Assert.Equal([2, -2, 1, -2], logits);
    }

    [Fact]
    public void Presence_and_frequency_count_generated_tokens_alone()
    {
        float[] logits = [1, 1, 1];
        new PresencePenalty(0.5, 0.25, promptLength: 2).Apply([2, 2, 0, 1, 0], logits);
        Assert.Equal([0, 0.25f, 1], logits);
    }

    [Fact]
    public void The_documented_order_is_the_order()
    {
        // The penalty makes token 0 lose its lead, so that top-k 1 keeps token 1: the penalty comes first.
        Sampler sampler = new(new() { RepetitionPenalty = 4, TopK = 1, Seed = 1 });
        Assert.Equal(1, sampler.Select([0], [2, 1, 0]));

        // At temperature 4 the nucleus of 0.6 holds two tokens, at temperature 1 only one: the temperature comes before top-p.
        HashSet<int> seen = [];
        sampler = new(new() { Temperature = 4, TopP = 0.6, Seed = 1 });
        for (int i = 0; i < 200; i++)
            seen.Add(sampler.Select([], [2, 0.5f, -9]));
        Assert.Equal([0, 1], seen.Order());

        // Top-k 2 leaves 0.55 and 0.45 of the mass: top-p 0.5 after it keeps one, before it would have kept two (0.4 < 0.5).
        seen.Clear();
        sampler = new(new() { TopK = 2, TopP = 0.5, Seed = 1 });
        for (int i = 0; i < 200; i++)
            seen.Add(sampler.Select([], [MathF.Log(0.4f), MathF.Log(0.33f), MathF.Log(0.27f)]));
        Assert.Equal([0], seen);
    }

    // softmax(logits / T) is p^(1/T), brought to a sum of 1; of the top k it is the same over those alone.
    [Theory]
    [InlineData(1, 0)]
    [InlineData(0.5, 0)]
    [InlineData(2, 0)]
    [InlineData(0.7, 3)]
    public void Draws_follow_the_distribution(double temperature, int topK)
    {
        Sampler sampler = new(new() { Seed = 7, Temperature = temperature, TopK = topK });
        double[] likely = [.. new[] { 0.15, 0.5, 0.1, 0.25 }.Select(p => topK == 3 && p == 0.1 ? 0 : Math.Pow(p, 1 / temperature))];
        double[] expected = [.. likely.Select(p => p / likely.Sum())];
        int[] counts = new int[4];
        const int Draws = 20_000;
        for (int i = 0; i < Draws; i++)
            counts[sampler.Select([], Four)]++;
        double chiSquare = expected.Select((p, i) => p == 0 ? counts[i] * 1000.0 : Math.Pow(counts[i] - p * Draws, 2) / (p * Draws)).Sum();
        Assert.InRange(chiSquare, 0, 16.27); // 3 degrees of freedom, one in a thousand
    }

    [Fact]
    public void Forbidden_tokens_are_never_drawn() => Gen.Select(Gen.Float[-5, 5].Array[2, 600], Gen.ULong).Sample((logits, seed) =>
    {
        for (int i = 0; i < logits.Length; i += 2)
            logits[i] = Out;
        int token = new Sampler(new() { Seed = seed }).Select([], logits);
        Assert.Equal(1, token % 2);
    });

    [Fact]
    public void The_same_seed_gives_the_same_tokens()
    {
        Sampler a = new(new() { Seed = 5 }), b = new(new() { Seed = 5 }), c = new(new() { Seed = 6 });
        int[] first = Draw(a), second = Draw(b), third = Draw(c);
        Assert.Equal(first, second);
        Assert.NotEqual(first, third);

        static int[] Draw(Sampler sampler) => [.. Enumerable.Range(0, 40).Select(_ => sampler.Select([], Four))];
    }

    [Fact]
    public void Greedy_needs_no_chance() => Assert.Equal(1, new Sampler(SamplingOptions.Greedy).Select([], Four));

    [Fact]
    public void Damaged_logits_are_noticed() =>
        Assert.Throws<InvalidDataException>(() => new Sampler(new()).Select([], [float.NaN, float.NaN]));

    [Fact]
    public void Impossible_options_are_named()
    {
        foreach ((SamplingOptions options, string name) in new[]
        {
            (new SamplingOptions { Temperature = -1 }, "temperature"),
            (new SamplingOptions { TopK = -1 }, "top-k"),
            (new SamplingOptions { TopP = 0 }, "top-p"),
            (new SamplingOptions { TopP = double.NaN }, "top-p"),
            (new SamplingOptions { MinP = 1.5 }, "min-p"),
            (new SamplingOptions { RepetitionPenalty = 0 }, "repetition penalty"),
        })
        {
            Assert.StartsWith(name, Assert.Throws<InvalidDataException>(() => new Sampler(options)).Message);
        }
    }

    // The reference outputs published with the generator for the state 1, 2, 3, 4.
    [Fact]
    public void Xoshiro_gives_its_published_numbers()
    {
        Xoshiro256 random = new(1, 2, 3, 4);
        Assert.Equal(
            [11520UL, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600],
            Enumerable.Range(0, 6).Select(_ => random.Next()));
    }

    private static int[] Kept(ILogitsProcessor filter)
    {
        float[] logits = Four;
        filter.Apply([], logits);
        for (int i = 0; i < logits.Length; i++)
            Assert.True(logits[i] == Out || logits[i] == Four[i]);
        return [.. Enumerable.Range(0, 4).Where(i => logits[i] != Out)];
    }
}
