using CsCheck;

namespace Ashlar.Kernels.Tests;

public sealed class AttentionTests
{
    [Fact]
    public void Scores_and_mix_agree_with_the_scalar_forms() =>
        Gen.Select(Gen.Int[1, 150], Gen.Int[1, 20]).SelectMany((width, rows) => Gen.Select(
            RandomRows.Value.Array[width], RandomRows.Value.Array[rows * width], RandomRows.Value.Array[rows])).Sample((query, rows, weights) =>
            {
                float[] scores = new float[weights.Length];
                Attention.Scores(query, rows, 0.5f, scores);
                for (int i = 0; i < scores.Length; i++)
                {
                    float exact = 0.5f * Dot.Scalar(query, rows.AsSpan(i * query.Length, query.Length));
                    RandomRows.Close(exact, scores[i], 1e-5, query.Length * 1e-4);
                }

                float[] expected = [.. query], actual = [.. query];
                Attention.ScalarMix(weights, rows, expected);
                Attention.Mix(weights, rows, actual);
                RandomRows.Close(expected, actual, 1e-5, 1e-3);
            });

    [Fact]
    public void The_first_position_sees_itself_alone_and_equal_keys_share_alike()
    {
        // Two query heads over one key-value head, width 1.
        float[] output = new float[4];
        Attention.Causal([5, -5, 5, -5], [1, 1], [10, 30], 2, 1, 1, output);
        RandomRows.Close([10, 10, 20, 20], output);
    }

    [Fact]
    public void Causal_agrees_with_the_definition()
    {
        const int Length = 7, Heads = 4, Sources = 2, Width = 6;
        Random random = new(1);
        float[] q = Values(Length * Heads * Width), k = Values(Length * Sources * Width), v = Values(Length * Sources * Width);
        float[] output = new float[q.Length];
        Attention.Causal(q, k, v, Heads, Sources, Width, output);
        for (int t = 0; t < Length; t++)
        {
            for (int head = 0; head < Heads; head++)
            {
                int source = head / 2;
                double[] weights = [.. Enumerable.Range(0, t + 1).Select(s => Math.Exp(Enumerable.Range(0, Width).Sum(i =>
                    (double)q[(t * Heads + head) * Width + i] * k[(s * Sources + source) * Width + i]) / Math.Sqrt(Width)))];
                for (int i = 0; i < Width; i++)
                {
                    double expected = weights.Select((w, s) => w * v[(s * Sources + source) * Width + i]).Sum() / weights.Sum();
                    RandomRows.Close(expected, output[(t * Heads + head) * Width + i], 1e-5);
                }
            }
        }

        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 4 - 2)];
    }
}
