using Ashlar.Inference.Models.NGrams;
using Ashlar.Tests;
using Ashlar.Training.NGrams;

namespace Ashlar.Training.Tests.NGrams;

/// <summary>Published and independently measured numbers on real texts.</summary>
public sealed class NGramGoldenTests
{
    [Theory]
    [InlineData(1, 3.3473)]
    [InlineData(2, 2.4858)]
    [InlineData(3, 2.0492)]
    [InlineData(4, 1.7738)]
    [InlineData(5, 1.6688)]
    [InlineData(6, 1.6981)]
    public void Witten_Bell_on_the_characters_of_tiny_Shakespeare(int order, double nats)
    {
        string text = File.ReadAllText(SharedData.Require("tinyshakespeare/input.txt"));
        char[] alphabet = [.. text.Distinct().Order()];
        int[] ids = [.. text.Select(c => Array.BinarySearch(alphabet, c))];
        int cut = (int)(ids.Length * 0.9);
        using CountedModel counted = new([ids[..cut]], alphabet.Length, order, new() { Smoothing = NGramSmoothing.WittenBell }, blockTokens: 1 << 20);
        int[] validation = ids[cut..];
        double total = 0;
        for (int i = 0; i < validation.Length; i++)
            total -= Math.Log(counted.Model.Probability(validation.AsSpan(Math.Max(0, i - order + 1), Math.Min(i, order - 1)), validation[i]));
        Assert.Equal(nats, total / validation.Length, 1e-3);
    }

    // makemore's bigram table: names begin and end with one token, and the loss is over all of them.
    [Fact]
    public void The_maximum_likelihood_bigram_of_names()
    {
        string[] names = File.ReadAllLines(SharedData.Require("makemore-names/names.txt"));
        int[][] documents = [.. names.Select(name => (int[])[0, .. name.Select(c => c - 'a' + 1), 0])];
        using CountedModel counted = new(documents, 27, 2, new() { Smoothing = NGramSmoothing.MaximumLikelihood, BeginId = 0, EndId = 0 });
        double total = 0;
        long targets = 0;
        foreach (int[] document in documents)
        {
            for (int i = 1; i < document.Length; i++, targets++)
                total -= Math.Log(counted.Model.Probability(document.AsSpan(i - 1, 1), document[i]));
        }

        Assert.Equal(2.454014, total / targets, 1e-6);
    }
}
