using System.Text.Json.Nodes;
using Ashlar.Evaluation.Translation;

namespace Ashlar.Evaluation.Tests.Translation;

public sealed class ChrFTests
{
    // The cases that sacreBLEU publishes in its own tests.
    [Theory]
    [InlineData("abcdefg", "hijklmnop", 0.0)]
    [InlineData("a", "b", 0.0)]
    [InlineData("", "reference", 0.0)]
    [InlineData("aa", "ab", 8.3333)]
    [InlineData("a|b", "a|c", 8.3333)]
    [InlineData("a", "a", 16.6667)]
    [InlineData("a b c", "a b c", 50.0)]
    [InlineData("a b c", "abc", 50.0)]
    [InlineData(
        " risk assessment must be made of those who are qualified and expertise in the sector - these are the scientists .",
        "risk assessment has to be undertaken by those who are qualified and expert in that area - that is the scientists .",
        63.361730)]
    [InlineData(
        " Die    Beziehung zwischen  Obama und Netanjahu ist nicht gerade  freundlich. ",
        "Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.",
        64.1302698)]
    [InlineData("Niemand hat die Absicht, eine Mauer zu errichten", "Niemand hat die Absicht, eine Mauer zu errichten", 100.0)]
    public void Published_scores_with_epsilon(string hypotheses, string references, double expected) =>
        Assert.Equal(expected, ChrF.Corpus(hypotheses.Split('|'), [references.Split('|')], new() { Beta = 3, EpsilonSmoothing = true }).Value, 1e-4);

    [Theory]
    [InlineData("a", "a", 100.0)]
    [InlineData("", "reference", 0.0)]
    [InlineData("a b c", "abc", 100.0)]
    [InlineData("a|b", "a|c", 50.0)]
    [InlineData("aa", "ab", 25.0)]
    public void Published_scores_with_effective_order(string hypotheses, string references, double expected) =>
        Assert.Equal(expected, ChrF.Corpus(hypotheses.Split('|'), [references.Split('|')], new() { Beta = 3 }).Value, 1e-4);

    [Theory]
    [InlineData(
        "Die Beziehung zwischen Obama und Netanjahu ist nicht gerade freundlich.",
        "Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.",
        67.3481606)]
    [InlineData(
        "risk assessment must be made of those who are qualified and expertise in the sector - these are the scientists .",
        "risk assessment has to be undertaken by those who are qualified and expert in that area - that is the scientists .",
        65.2414427)]
    public void Published_scores_with_spaces(string hypothesis, string reference, double expected) =>
        Assert.Equal(expected, ChrF.Sentence(hypothesis, [reference], new() { Beta = 3, KeepSpaces = true }).Value, 1e-4);

    [Theory]
    [InlineData(
        "Co nás nejvíc trápí, protože lékaři si vybírají, kdo bude žít a kdo zemře.",
        "Nejvíce smutní jsme z toho, že musíme rozhodovat o tom, kdo bude žít a kdo zemře.",
        39.14078509)]
    [InlineData(
        "Nebo prostě nemají vybavení, které by jim pomohlo, uvedli lékaři.",
        "A někdy nemáme ani potřebný materiál, abychom jim pomohli, popsali lékaři.",
        31.22557079)]
    [InlineData(
        "Lapali po dechu, jejich životy skončily dřív, než skutečně začaly.",
        "Lapali po dechu a pak jejich život skončil - dřív, než skutečně mohl začít, připomněli.",
        57.15704367)]
    public void Published_sentence_scores(string hypothesis, string reference, double expected) =>
        Assert.Equal(expected, ChrF.Sentence(hypothesis, [reference], new() { EpsilonSmoothing = true }).Value, 1e-4);

    [Fact]
    public void Awkward_lines_agree_with_sacreBLEU_in_every_setting()
    {
        int count = 0;
        foreach (JsonObject golden in SacreBleu.Cases("chrf"))
        {
            JsonObject chosen = golden["options"]!.AsObject();
            ChrFOptions options = new()
            {
                CharacterOrder = chosen["char_order"]?.GetValue<int>() ?? 6,
                WordOrder = chosen["word_order"]?.GetValue<int>() ?? 0,
                Beta = chosen["beta"]?.GetValue<int>() ?? 2,
                Lowercase = chosen["lowercase"] is not null,
                KeepSpaces = chosen["whitespace"] is not null,
                EpsilonSmoothing = chosen["eps_smoothing"] is not null,
            };
            TranslationScore score = ChrF.Corpus(SacreBleu.Hypotheses, SacreBleu.References[..golden["refs"]!.GetValue<int>()], options);
            Assert.Equal(golden["score"]!.GetValue<double>(), score.Value, 1e-9);
            Assert.Equal(golden["name"]!.GetValue<string>(), score.Name);
            Assert.StartsWith(golden["signature"]!.GetValue<string>() + "|version:", score.Signature);
            count++;
        }

        Assert.Equal(12, count);
    }
}
