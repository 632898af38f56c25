using System.Text.Json.Nodes;
using Ashlar.Evaluation.Translation;

namespace Ashlar.Evaluation.Tests.Translation;

public sealed class TerTests
{
    // The cases that sacreBLEU publishes in its own tests.
    [Theory]
    [InlineData("aaaa bbbb cccc dddd", "aaaa bbbb cccc dddd", 0)]
    [InlineData("dddd eeee ffff", "aaaa bbbb cccc", 100)]
    [InlineData("", "a", 100)]
    [InlineData("a", "", 100)]
    [InlineData("", "", 0)]
    [InlineData("d e f g h a b c", "a b c d e f g h", 12.5)]
    public void Published_scores(string hypothesis, string reference, double expected) =>
        Assert.Equal(expected, Ter.Sentence(hypothesis, [reference]).Value, 1e-9);

    [Fact]
    public void The_published_corpus()
    {
        string[] hypotheses =
        [
            "wählen Sie \" Bild neu berechnen , \" um beim Ändern der Bildgröße Pixel hinzuzufügen oder zu entfernen , damit das Bild ungefähr dieselbe Größe aufweist wie die andere Größe .",
            "wenn Sie alle Aufgaben im aktuellen Dokument aktualisieren möchten , wählen Sie im Menü des Aufgabenbedienfelds die Option \" Alle Aufgaben aktualisieren . \"",
            "klicken Sie auf der Registerkarte \" Optionen \" auf die Schaltfläche \" Benutzerdefiniert \" und geben Sie Werte für \" Fehlerkorrektur-Level \" und \" Y / X-Verhältnis \" ein .",
            "Sie können beispielsweise ein Dokument erstellen , das ein Auto über die Bühne enthält .",
            "wählen Sie im Dialogfeld \" Neu aus Vorlage \" eine Vorlage aus und klicken Sie auf \" Neu . \"",
        ];
        string[] references =
        [
            "wählen Sie \" Bild neu berechnen , \" um beim Ändern der Bildgröße Pixel hinzuzufügen oder zu entfernen , damit die Darstellung des Bildes in einer anderen Größe beibehalten wird .",
            "wenn Sie alle Aufgaben im aktuellen Dokument aktualisieren möchten , wählen Sie im Menü des Aufgabenbedienfelds die Option \" Alle Aufgaben aktualisieren . \"",
            "klicken Sie auf der Registerkarte \" Optionen \" auf die Schaltfläche \" Benutzerdefiniert \" und geben Sie für \" Fehlerkorrektur-Level \" und \" Y / X-Verhältnis \" niedrigere Werte ein .",
            "Sie können beispielsweise ein Dokument erstellen , das ein Auto enthalt , das sich über die Bühne bewegt .",
            "wählen Sie im Dialogfeld \" Neu aus Vorlage \" eine Vorlage aus und klicken Sie auf \" Neu . \"",
        ];
        Assert.Equal(13.6, Ter.Corpus(hypotheses, [references]).Value, 1e-3);
    }

    [Theory]
    [InlineData("a b c d.", "a b c d.", false, false, false)]
    [InlineData("A B C D.", "a b c d.", false, false, false)]
    [InlineData("a b c d.", "a b c d", false, true, false)]
    [InlineData("A ; B ) C : D.", "a b c d", false, true, false)]
    [InlineData("a b (c) d.", "a b ( c ) d .", true, false, false)]
    [InlineData("Jim's car.", "jim 's car .", true, false, false)]
    [InlineData("4.2", "4.2", true, false, false)]
    [InlineData("美众院公布对特", "美 众 院 公 布 对 特", true, false, true)]
    [InlineData("りの拳銃を持", "りの 拳 銃 を 持", true, false, true)]
    public void Published_words(string line, string expected, bool normalize, bool ignorePunctuation, bool asian) =>
        Assert.Equal(expected, string.Join(' ', TerTokenizer.Words(line, new() { Normalize = normalize, IgnorePunctuation = ignorePunctuation, AsianSupport = asian })));

    [Fact]
    public void Awkward_lines_agree_with_sacreBLEU_in_every_setting()
    {
        int count = 0;
        foreach (JsonObject golden in SacreBleu.Cases("ter"))
        {
            JsonObject chosen = golden["options"]!.AsObject();
            TerOptions options = new()
            {
                Normalize = chosen["normalized"] is not null,
                IgnorePunctuation = chosen["no_punct"] is not null,
                AsianSupport = chosen["asian_support"] is not null,
                CaseSensitive = chosen["case_sensitive"] is not null,
            };
            TerScore score = Ter.Corpus(SacreBleu.Hypotheses, SacreBleu.References[..golden["refs"]!.GetValue<int>()], options);
            Assert.Equal(golden["score"]!.GetValue<double>(), score.Value, 1e-9);
            Assert.Equal(golden["edits"]!.GetValue<int>(), score.Edits);
            Assert.StartsWith(golden["signature"]!.GetValue<string>() + "|version:", score.Signature);
            count++;
        }

        Assert.Equal(10, count);
    }

    // Moves of runs, ties between them, long sentences and very unequal lengths.
    [Fact]
    public void Random_sentences_agree_with_sacreBLEU()
    {
        int count = 0;
        foreach (JsonObject golden in SacreBleu.Cases("sentences"))
        {
            TerScore score = Ter.Sentence(golden["h"]!.GetValue<string>(), [golden["r"]!.GetValue<string>()]);
            Assert.True(golden["edits"]!.GetValue<int>() == score.Edits, $"{score.Edits} edits, expected {golden["edits"]}: '{golden["h"]}' against '{golden["r"]}'");
            Assert.Equal(golden["ter"]!.GetValue<double>(), score.Value, 1e-9);
            count++;
        }

        Assert.Equal(60, count);
    }
}
