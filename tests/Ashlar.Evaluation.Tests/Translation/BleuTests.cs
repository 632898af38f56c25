using System.Globalization;
using System.Text.Json.Nodes;
using Ashlar.Evaluation.Translation;

namespace Ashlar.Evaluation.Tests.Translation;

public sealed class BleuTests
{
    private static readonly string[] Hypotheses = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."];

    private static readonly string[][] References =
    [
        ["The dog bit the man.", "It was not unexpected.", "The man bit him first."],
        ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."],
    ];

    // The cases that sacreBLEU publishes in its own tests.
    [Theory]
    [InlineData("13a", "exp", 48.530827)]
    [InlineData("none", "exp", 49.1919566)]
    [InlineData("intl", "exp", 43.91623493)]
    [InlineData("13a", "none", 48.530827)]
    public void Published_corpus_scores(string tokenizer, string smoothing, double expected) =>
        Assert.Equal(expected, Bleu.Corpus(Hypotheses, References, Options(tokenizer, smoothing)).Value, 1e-6);

    [Theory]
    [InlineData(1, 77.65)]
    [InlineData(2, 60.50)]
    [InlineData(3, 53.93)]
    [InlineData(4, 48.53)]
    [InlineData(5, 46.14)]
    [InlineData(6, 43.28)]
    public void Published_scores_by_order(int order, double expected) =>
        Assert.Equal(expected, Bleu.Corpus(Hypotheses, References, new() { MaximumOrder = order }).Value, 0.005);

    [Fact]
    public void Empty_translations_count_as_translations()
    {
        BleuScore score = Bleu.Corpus(["", "", ""], References);
        Assert.Equal(0, score.Value);
        Assert.Equal(0, score.BrevityPenalty);
        Assert.Equal(17, score.ReferenceLength);
    }

    [Theory]
    [InlineData("this is a test|another test", "ref1|ref2", 0)]
    [InlineData("this is a test", "this is a test", 100)]
    [InlineData("this is a fest", "this is a test", 22.3606797749979)]
    [InlineData("test", "a test", 36.78794411714425)]
    [InlineData("a test", "a test", 100)]
    [InlineData("a little test", "a test", 3.218297948685433)]
    public void Published_scores_with_floor_and_effective_order(string hypotheses, string references, double expected) =>
        Assert.Equal(expected, Bleu.Corpus(hypotheses.Split('|'), [references.Split('|')], new()
        {
            Tokenizer = BleuTokenizer.None,
            Smoothing = BleuSmoothing.Floor,
            SmoothingValue = 0.01,
            EffectiveOrder = true,
        }).Value, 1e-6);

    [Theory]
    [InlineData(null, 15.55722182)]
    [InlineData(0.0, 0.0)]
    public void Published_offsets(double? offset, double expected)
    {
        BleuScore score = Bleu.Corpus(["am I am a character sequence"], [["I am a symbol string sequence a a"]], new()
        {
            Tokenizer = BleuTokenizer.None,
            Smoothing = BleuSmoothing.Floor,
            SmoothingValue = offset,
            EffectiveOrder = true,
        });
        Assert.Equal(expected, score.Value, 1e-6);
        Assert.Equal([4, 2, 1, 0], score.Matches);
        Assert.Equal([6, 5, 4, 3], score.Totals);
    }

    [Theory]
    [InlineData("exp", null, "13a", false, 8.493)]
    [InlineData("none", null, "13a", false, 0.0)]
    [InlineData("floor", null, "13a", false, 4.51688)]
    [InlineData("floor", 0.5, "13a", false, 10.10)]
    [InlineData("add-k", null, "13a", false, 14.882)]
    [InlineData("add-k", 2.0, "13a", false, 21.389)]
    [InlineData("exp", null, "none", false, 7.347)]
    [InlineData("exp", null, "intl", false, 8.493)]
    [InlineData("exp", null, "char", false, 40.8759)]
    [InlineData("exp", null, "char", true, 42.0267)]
    public void Published_sentence_scores(string smoothing, double? value, string tokenizer, bool lowercase, double expected) =>
        Assert.Equal(
            expected,
            Bleu.Sentence(
                "Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;",
                ["producţia de zahăr brut se exprimă în zahăr alb;"],
                Options(tokenizer, smoothing) with { SmoothingValue = value, Lowercase = lowercase, EffectiveOrder = true }).Value,
            1e-3);

    [Fact]
    public void Degenerate_counts_give_zero()
    {
        Assert.Equal(0, Bleu.Sentence("this is a cat", ["okay thanks"], new() { Smoothing = BleuSmoothing.AddK, EffectiveOrder = true }).Value);
        BleuStatistics statistics = new(4) { HypothesisLength = 6, ReferenceLength = 6 };
        ((long[])[6, 5, 4, 0]).CopyTo(statistics.Matches, 0);
        ((long[])[6, 5, 4, 3]).CopyTo(statistics.Totals, 0);
        Assert.Equal(0, Bleu.Score(statistics, new() { Smoothing = BleuSmoothing.Floor, SmoothingValue = 0 }, 1).Value);
        BleuStatistics known = new(4) { HypothesisLength = 11, ReferenceLength = 11 };
        ((long[])[9, 7, 5, 3]).CopyTo(known.Matches, 0);
        ((long[])[10, 8, 6, 4]).CopyTo(known.Totals, 0);
        Assert.Equal(83.75922397, Bleu.Score(known, new(), 1).Value, 1e-6);
    }

    [Fact]
    public void Awkward_lines_agree_with_sacreBLEU_in_every_setting()
    {
        int count = 0;
        foreach (JsonObject golden in SacreBleu.Cases("bleu"))
        {
            BleuOptions options = Options(golden["tok"]!.GetValue<string>(), golden["smooth"]!.GetValue<string>()) with
            {
                Lowercase = golden["lc"]!.GetValue<bool>(),
                SmoothingValue = golden["value"]?.GetValue<double>(),
            };
            BleuScore score = Bleu.Corpus(SacreBleu.Hypotheses, SacreBleu.References[..golden["refs"]!.GetValue<int>()], options);
            string signature = golden["signature"]!.GetValue<string>();
            Assert.True(Math.Abs(golden["score"]!.GetValue<double>() - score.Value) < 1e-9, $"{signature}: {score.Value}, expected {golden["score"]}");
            Assert.StartsWith(signature + "|version:", score.Signature);
            Assert.Equal(golden["line"]!.GetValue<string>(), string.Create(CultureInfo.InvariantCulture, $"{score.Value:F2} {score.Detail}"));
            count++;
        }

        Assert.Equal(30, count);
    }

    [Fact]
    public void Words_agree_with_sacreBLEU()
    {
        foreach (JsonObject golden in SacreBleu.Cases("tokens"))
        {
            BleuTokenizer tokenizer = BleuTokenizers.Parse(golden["tok"]!.GetValue<string>());
            Assert.Equal(SacreBleu.Lines(golden["words"]!), BleuTokenizers.Words(tokenizer, golden["line"]!.GetValue<string>()));
        }
    }

    [Fact]
    public void Random_sentences_agree_with_sacreBLEU()
    {
        foreach (JsonObject golden in SacreBleu.Cases("sentences"))
            Assert.Equal(golden["bleu"]!.GetValue<double>(), Bleu.Sentence(golden["h"]!.GetValue<string>(), [golden["r"]!.GetValue<string>()]).Value, 1e-9);
    }

    [Fact]
    public void The_line_says_how_it_was_computed() =>
        Assert.Matches(
            @"^BLEU\|nrefs:2\|case:lc\|eff:no\|tok:13a\|smooth:floor\[0\.10\]\|version:2\.6\.0\|by:ashlar-\d+\.\d+\.\d+ = \d+\.\d\d \d+\.\d/.*\(BP = 0\.\d{3} ratio = 0\.\d{3} hyp_len = \d+ ref_len = \d+\)$",
            Bleu.Corpus(["a b"], [["A c d e"], ["B d e f"]], new() { Lowercase = true, Smoothing = BleuSmoothing.Floor }).ToString());

    [Fact]
    public void Wrong_inputs_are_named()
    {
        Assert.Contains("2 translations and 1 references in set 2", Assert.Throws<InvalidDataException>(() => Bleu.Corpus(["a", "b"], [["a", "b"], ["a"]])).Message);
        Assert.Contains("expected 13a, none, intl, zh, char", Assert.Throws<InvalidDataException>(() => BleuTokenizers.Parse("spm")).Message);
    }

    private static BleuOptions Options(string tokenizer, string smoothing) => new()
    {
        Tokenizer = BleuTokenizers.Parse(tokenizer),
        Smoothing = smoothing switch
        {
            "exp" => BleuSmoothing.Exponential,
            "floor" => BleuSmoothing.Floor,
            "add-k" => BleuSmoothing.AddK,
            _ => BleuSmoothing.None,
        },
    };
}
