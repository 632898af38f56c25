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
        Assert.Equal(Encoding.UTF8.GetByteCount(text), ids.Where(id => !bytes.IsSpecial(id)).Sum(bytes.ByteCount));
    });

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
