using Ashlar.Inference.Decoding;
using Ashlar.Inference.Translation;
using Ashlar.Tests;

namespace Ashlar.Inference.Tests.Golden;

/// <summary>CTranslate2's test model, a Transformer that transliterates Arabic names.</summary>
public sealed class TransliterationTests
{
    // What CTranslate2's own tests expect of it.
    [Theory]
    [InlineData("آتزمون", "atzmon")]
    [InlineData("آزا", "azza")]
    public void Names_are_written_as_CTranslate2_writes_them(string name, string expected)
    {
        using LoadedTranslator model = Load();
        foreach (int beam in (int[])[1, 2, 4])
        {
            TranslationOptions options = new() { Search = new() { BeamCount = beam, MaxTokens = 40, KeepAttention = true } };
            TranslatedText text = model.Translator.Translate(name, options, TestContext.Current.CancellationToken);
            Assert.Equal(expected, text.Text);
            Assert.True(text.Ended);
            Assert.Equal(expected.Length + 1, text.Attention!.Target.Count);
        }
    }

    [Fact]
    public void A_batch_of_unequal_names_gives_each_its_own()
    {
        using LoadedTranslator model = Load();
        string[] names = ["آزا", "آتزمون", "", "آزا"];
        TranslationOptions options = new() { Search = new() { BeamCount = 3, MaxTokens = 40 } };
        IReadOnlyList<IReadOnlyList<TranslatedText>> found = model.Translator.Translate(names, options, TestContext.Current.CancellationToken);
        Assert.Equal(["azza", "atzmon", "", "azza"], found.Select(texts => texts[0].Text));
        Assert.Equal(model.Translator.Translate(names[1], options, TestContext.Current.CancellationToken).Score, found[1][0].Score);
    }

    private static LoadedTranslator Load() =>
        LoadedTranslator.Load(Path.Combine(SharedData.Require("ct2-aren-transliteration"), "v2-aren-transliteration"), threadCount: 1);
}
