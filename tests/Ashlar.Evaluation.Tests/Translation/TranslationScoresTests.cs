using Ashlar.Evaluation.Translation;

namespace Ashlar.Evaluation.Tests.Translation;

public sealed class TranslationScoresTests
{
    private static readonly string[] Plain = ["The dog bit the man.", "It was not surprising."];
    private static readonly string[] Cut = ["The dog bit the man .", "It was not surprising ."];

    [Fact]
    public void Plain_and_tokenised_figures_carry_different_names()
    {
        TranslationScores plain = TranslationScores.Of(Plain, [Plain]);
        TranslationScores cut = TranslationScores.Of(Cut, [Cut], new() { Tokenized = true });
        Assert.Equal(["BLEU", "chrF2", "chrF2++", "TER", "exact match", "sentence accuracy", "token accuracy"], plain.Scores.Select(score => score.Name));
        Assert.All(cut.Scores, score => Assert.StartsWith("tokenised ", score.Name));
        Assert.Contains("tok:13a", plain.Bleu.Signature);
        Assert.Contains("tok:none", cut.Bleu.Signature);
        Assert.Equal([100, 100, 100, 0, 100, 100, 100], plain.Scores.Select(score => Math.Round(score.Value, 9)));
        Assert.Empty(plain.Warnings);
        Assert.Empty(cut.Warnings);
        Assert.Equal("tokenised", (string?)cut.ToJson()["text"]);
    }

    [Fact]
    public void A_mixture_is_noticed()
    {
        Assert.Equal(2, TranslationScores.Of(Cut, [Plain]).Warnings.Count);
        Assert.Contains("set 2, only the references look", Assert.Single(TranslationScores.Of(Plain, [Plain, Cut]).Warnings));
        Assert.Contains("look tokenised", Assert.Single(TranslationScores.Of(Cut, [Cut]).Warnings));
    }

    [Fact]
    public void Tokenised_text_is_not_tokenised_again() =>
        Assert.Contains("not 13a", Assert.Throws<InvalidDataException>(() => TranslationScores.Of(Cut, [Cut], new() { Tokenized = true, Tokenizer = BleuTokenizer.Mteval13a })).Message);
}
