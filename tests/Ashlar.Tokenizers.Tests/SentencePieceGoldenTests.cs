using System.Text;
using System.Text.Json;
using Ashlar.Tests;
using Ashlar.Tokenizers.Unicode;

namespace Ashlar.Tokenizers.Tests;

/// <summary>Ids that SentencePiece itself gives with real models, and its tables of normalization.</summary>
public sealed class SentencePieceGoldenTests
{
    [Theory]
    [InlineData("test_model.model")]
    [InlineData("test_ja_model.model")]
    [InlineData("opennmt-sample.sp.model")]
    public void A_model_gives_the_ids_of_sentencepiece(string file)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("sentencepiece-test", file));
        Tokenizer again = Saved.AndLoaded(tokenizer);
        JsonElement[] cases = Cases(file);
        Assert.Equal(305, cases.Length);
        foreach (JsonElement one in cases)
        {
            string text = one.GetProperty("text").GetString()!;
            int[] expected = [.. one.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, tokenizer.Encode(text));
            Assert.Equal(expected, again.Encode(text));
            // SentencePiece shows the unknown as " ⁇ ".
            string decoded = one.GetProperty("decoded").GetString()!.Replace(" ⁇ ", "<unk>", StringComparison.Ordinal);
            Assert.Equal(decoded, tokenizer.Decode(expected));
            Assert.Equal(decoded, again.Decode(expected));
        }
    }

    [Fact]
    public void Symbols_that_the_user_defined_are_taken_whole_and_control_tokens_never()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("sentencepiece-test", "joeynmt-sp200.model"));
        Assert.Equal(200, tokenizer.VocabularySize);
        int de = tokenizer.TokenToId("<de>")!.Value;
        int separator = tokenizer.TokenToId("<sep>")!.Value;
        Assert.Contains(de, tokenizer.Encode("a house <de> ein Haus"));
        Assert.False(tokenizer.IsSpecial(de));
        Assert.DoesNotContain(separator, tokenizer.Encode("a <sep> b"));
        Assert.Contains(separator, tokenizer.Encode("a <sep> b", parseSpecialTokens: true));
        Assert.Equal(tokenizer.SpecialTokens.EndOfText, tokenizer.TokenToId("</s>"));
        Assert.Equal(tokenizer.SpecialTokens.Padding, tokenizer.TokenToId("<pad>"));
        Assert.Equal("a house <de> ein house", tokenizer.Decode(tokenizer.Encode("  a house <de>  ein house ")));
        Assert.Contains(Saved.AndLoaded(tokenizer).AddedTokens, token => token.Content == "<de>" && !token.Special);
    }

    [Theory]
    [InlineData("nfc.tsv", NormalizationForm.FormC)]
    [InlineData("nfkd.tsv", NormalizationForm.FormKD)]
    public void Normalization_gives_the_tables_of_sentencepiece(string file, NormalizationForm form)
    {
        int lines = 0;
        foreach (string line in File.ReadLines(SharedData.Require("sentencepiece-test", file)))
        {
            string[] columns = line.Split('\t');
            Assert.Equal(Text(columns[1]), UnicodeNormalization.Normalize(Text(columns[0]), form));
            lines++;
        }

        Assert.True(lines > 10_000);

        static string Text(string points) => string.Concat(
            points.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(point => char.ConvertFromUtf32(Convert.ToInt32(point, 16))));
    }

    private static JsonElement[] Cases(string file)
    {
        JsonDocument golden = JsonDocument.Parse(File.ReadAllText(SharedData.Require("sentencepiece-test", "golden-ids.json")));
        return [.. golden.RootElement.GetProperty(file).EnumerateArray()];
    }
}
