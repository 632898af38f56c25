using System.Text;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;
using CsCheck;

namespace Ashlar.Evaluation.Tests;

public sealed class TokenBytesTests
{
    private static readonly Gen<string> Unicode = Gen.OneOf(
        Gen.Int[0x20, 0x7e], Gen.Int[0xa0, 0x2000], Gen.Int[0x4e00, 0x9fff], Gen.Int[0x1f300, 0x1faff], Gen.Const((int)'\n'))
        .Select(scalar => new Rune(scalar).ToString()).Array[0, 60].Select(runes => string.Concat(runes));

    private static readonly Tokenizer Tokenizer = ByteLevelBpeTrainer.Train(
        ["a small model of the language, a small text; 语言模型是一个概率分布。"], vocabularySize: 270);

    [Fact]
    public void Bytes_of_the_tokens_are_the_bytes_of_the_text() => Unicode.Sample(text =>
    {
        TokenBytes bytes = TokenBytes.Of(Tokenizer);
        int[] ids = Tokenizer.Encode(text, addSpecialTokens: true);
        Assert.Equal(Encoding.UTF8.GetByteCount(text), ids.Where(id => !bytes.IsSpecial(id)).Sum(id => bytes.ByteCount(id, null)));
    });

    // These put a space before the text, or between words, which is no byte of the text's first token.
    [Fact]
    public void So_they_are_where_words_are_set_apart_by_the_decoder()
    {
        string[] documents = ["a small model of the language, a small text; 语言模型是一个概率分布。"];
        Tokenizer unigram = UnigramTrainer.Train(documents, 310, ["<|endoftext|>"]);
        Tokenizer words = WordLevelTrainer.Train(documents, 100);
        Unicode.Where(text => !text.Contains('▁')).Sample(text => Check(unigram, text, text));
        string[] known = ["a", "small", "model", "language,", "of"];
        Gen.Int[0, known.Length - 1].Array[1, 10].Select(picks => string.Join(' ', picks.Select(pick => known[pick])))
            .Sample(text => Check(words, text, text));
        // An unknown word is a mark; the words around it keep the spaces between them.
        Check(words, "a zebra of", "a of");

        static void Check(Tokenizer tokenizer, string text, string counted)
        {
            int end = Assert.NotNull(tokenizer.SpecialTokens.EndOfText);
            int[] document = [end, .. tokenizer.Encode(text), end, .. tokenizer.Encode(text), end];
            TokenBytes bytes = TokenBytes.Of(tokenizer);
            int sum = 0;
            for (int i = 1; i < document.Length; i++)
                sum += bytes.IsSpecial(document[i]) ? 0 : bytes.ByteCount(document[i], document[i - 1]);
            Assert.Equal(2 * Encoding.UTF8.GetByteCount(counted), sum);
            Assert.Equal(sum, UnigramBaseline.Uniform(tokenizer.VocabularySize).Measure([document], bytes).ByteCount);
        }
    }

    [Fact]
    public void A_uniform_model_costs_its_bits_for_every_token_and_the_mark_between_texts_is_free()
    {
        int end = Assert.NotNull(Tokenizer.SpecialTokens.EndOfText);
        int[] text = Tokenizer.Encode("a small 模型");
        PerplexityResult result = UnigramBaseline.Uniform(Tokenizer.VocabularySize).Measure(
            [(int[])[end, .. text, end]], TokenBytes.Of(Tokenizer));
        Assert.Equal(Encoding.UTF8.GetByteCount("a small 模型"), result.ByteCount);
        Assert.Equal(text.Length, result.TextTokenCount);
        Assert.Equal(text.Length + 1, result.TokenCount);
        Assert.Equal(text.Length * Math.Log2(Tokenizer.VocabularySize) / result.ByteCount, result.BitsPerByte, 1e-9);
    }
}
