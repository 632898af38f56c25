using Ashlar.Tokenizers.Training;
using CsCheck;

namespace Ashlar.Tokenizers.Tests;

public sealed class WordLevelTests
{
    private static readonly string[] Text = ["the cat sat on the mat\n", "the dog <unk> sat\n", "<eos> 知识 就 是 力量\n"];

    [Fact]
    public void Special_tokens_come_first_then_words_by_count_and_code_point()
    {
        Tokenizer tokenizer = WordLevelTrainer.Train(Text, 100, ["<unk>", "<eos>"]);
        Assert.Equal(
            ["<unk>", "<eos>", "the", "sat", "cat", "dog", "mat", "on", "力量", "就", "是", "知识"],
            Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.IdToToken));
        Assert.Equal(0, tokenizer.SpecialTokens.Unknown);
        Assert.Equal(1, tokenizer.SpecialTokens.EndOfText);
    }

    [Fact]
    public void The_size_and_the_least_count_bound_the_vocabulary()
    {
        Assert.Equal(5, WordLevelTrainer.Train(Text, 5, ["<unk>", "<eos>"]).VocabularySize);
        Assert.Equal(4, WordLevelTrainer.Train(Text, 100, ["<unk>", "<eos>"], minimumCount: 2).VocabularySize);
        Assert.Contains("at least 3", Assert.Throws<InvalidDataException>(() => WordLevelTrainer.Train(Text, 2)).Message);
    }

    [Fact]
    public void Words_outside_the_vocabulary_are_unknown_and_no_text_is_a_control_token()
    {
        Tokenizer tokenizer = WordLevelTrainer.Train(Text, 100, ["<unk>", "<eos>"]);
        Assert.Equal([2, 0, 3], tokenizer.Encode("  the\tbird sat\n"));
        Assert.Equal([2, 0, 0], tokenizer.Encode("the <eos> <unk>"));
        Assert.Equal([2, 1, 0], tokenizer.Encode("the <eos> <unk>", parseSpecialTokens: true));
        Assert.Equal("the <unk> sat", tokenizer.Decode([2, 0, 3]));
        Assert.Equal("the sat", tokenizer.Decode([2, 0, 3], skipSpecialTokens: true));
        Assert.Equal([0], tokenizer.Encode([0xFF, 0xFE]));
    }

    [Fact]
    public void Lower_case_is_part_of_the_tokenizer()
    {
        Tokenizer tokenizer = WordLevelTrainer.Train(["The THE the Ärger"], 10, lowercase: true);
        Assert.Equal(tokenizer.Encode("the ärger"), tokenizer.Encode("THE ÄRGER"));
        Assert.Equal(4, tokenizer.VocabularySize);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_saved_vocabulary_loads_equal(bool lowercase)
    {
        Tokenizer trained = WordLevelTrainer.Train(Text, 100, ["<unk>", "<eos>", "<pad>"], lowercase: lowercase);
        Tokenizer loaded = Saved.AndLoaded(trained);
        Assert.Equal(trained.SpecialTokens, loaded.SpecialTokens);
        Assert.Equal(trained.AddedTokens, loaded.AddedTokens);
        Gen.OneOf([.. new[] { "the ", "cat", " ", "\n", "<eos>", "是", "A" }.Select(Gen.Const), Gen.String]).Array[0, 12].Select(string.Concat).Sample(text =>
        {
            Assert.Equal(trained.Encode(text), loaded.Encode(text));
            Assert.Equal(trained.Encode(text, parseSpecialTokens: true), loaded.Encode(text, parseSpecialTokens: true));
        });
    }
}
