using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models.NGrams;

namespace Ashlar.Training.Tests.NGrams;

/// <summary>
/// The course's example of beam search, as a bigram counted from a hundred sentences: after 我, 想 is likelier than 喜欢 (0.4 and
/// 0.3), but 你 follows 喜欢 with 0.8 and 想 with 0.5.
/// </summary>
public sealed class CourseBeamTests
{
    private static readonly string[] Words = ["我", "想", "喜欢", "你", "去", "吃", "爱", "看"];

    private static readonly (string Sentence, int Times)[] Course =
    [
        ("我 想 你", 20), ("我 想 去", 12), ("我 想 看", 8),
        ("我 喜欢 你", 24), ("我 喜欢 吃", 3), ("我 喜欢 看", 3),
        ("我 爱 你", 10), ("我 爱 看", 10), ("我 看", 10),
    ];

    [Theory]
    [InlineData(1, "我想你", 0.20)]
    [InlineData(2, "我喜欢你", 0.24)]
    public void Greedy_misses_what_two_beams_find(int beams, string text, double probability)
    {
        IEnumerable<int[]> sentences = Course.SelectMany(line => Enumerable.Repeat(
            Array.ConvertAll(line.Sentence.Split(' '), word => Array.IndexOf(Words, word)), line.Times));
        using CountedModel counted = new(sentences, Words.Length, 2, new() { Smoothing = NGramSmoothing.MaximumLikelihood });
        BeamHypothesis best = BeamSearch.Search(
            counted.Model, new[] { 0 }, new() { BeamCount = beams, MaxTokens = 2 }, TestContext.Current.CancellationToken)[0];
        Assert.Equal(text, "我" + string.Concat(best.Tokens.Select(token => Words[token])));
        Assert.Equal(probability, Math.Exp(best.LogProbability), 1e-6);
    }
}
