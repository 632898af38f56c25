using System.Text.Json;
using Ashlar.Tests;

namespace Ashlar.Tokenizers.Tests;

/// <summary>Ids made by the original tools with real vocabularies.</summary>
public sealed class PublishedVocabularyTests
{
    [Theory]
    [InlineData("gpt2.tiktoken", "tokens_gpt2.json")]
    [InlineData("gpt2.tiktoken", "tokens_r50k_base.json")]
    [InlineData("p50k_base.tiktoken", "tokens_p50k_base.json")]
    [InlineData("p50k_base.tiktoken", "tokens_p50k_edit.json")]
    [InlineData("cl100k_base.tiktoken", "tokens.json")]
    [InlineData("o200k_base.tiktoken", "tokens_gpt4o.json")]
    public void Tiktoken_ranks_give_the_golden_ids_of_a_source_file(string ranks, string golden)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("tiktoken-ranks", ranks));
        int[] expected = JsonSerializer.Deserialize<int[]>(File.ReadAllText(SharedData.Require("tiktoken-ranks", golden)))!;
        // The ids spell the source file, so decoding them gives the very text they were made from.
        string text = tokenizer.Decode(expected);
        Assert.Contains("use std::", text);
        Assert.DoesNotContain('\uFFFD', text);
        Assert.Equal(expected, tokenizer.Encode(text));
    }

    [Theory]
    [InlineData("qwen3-tokenizer.json.gz", "ggml-vocab-qwen2.gguf", "<|im_end|>")]
    [InlineData("qwen3-tokenizer.json.gz", "ggml-vocab-deepseek-r1-qwen.gguf", "<|im_end|>")]
    [InlineData("llama3-tokenizer.json.gz", "ggml-vocab-llama-bpe.gguf", "<|end_of_text|>")]
    public void A_real_tokenizer_json_gives_the_golden_ids(string file, string golden, string end)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("tokenizer-json", file));
        AssertGolden(tokenizer, golden);
        Assert.Equal(tokenizer.SpecialTokens.EndOfText, tokenizer.TokenToId(end));
        Assert.NotNull(tokenizer.ChatTemplate);
    }

    [Theory]
    [InlineData("qwen3-tokenizer.json.gz")]
    [InlineData("llama3-tokenizer.json.gz")]
    public void A_real_tokenizer_json_survives_saving(string file)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("tokenizer-json", file));
        Tokenizer again = Saved.AndLoaded(tokenizer);
        Assert.Equal(tokenizer.VocabularySize, again.VocabularySize);
        Assert.Equal(tokenizer.SpecialTokens, again.SpecialTokens);
        Assert.Equal(tokenizer.ChatTemplate, again.ChatTemplate);
        Assert.Equal(tokenizer.AddedTokens, again.AddedTokens);
        foreach (string text in GoldenTexts("ggml-vocab-gpt-2.gguf"))
            Assert.Equal(tokenizer.Encode(text, addSpecialTokens: true), again.Encode(text, addSpecialTokens: true));
    }

    [Theory]
    [InlineData("ggml-vocab-gpt-2.gguf")]
    [InlineData("ggml-vocab-starcoder.gguf")]
    [InlineData("ggml-vocab-refact.gguf")]
    [InlineData("ggml-vocab-mpt.gguf")]
    [InlineData("ggml-vocab-falcon.gguf")]
    [InlineData("ggml-vocab-deepseek-coder.gguf")]
    [InlineData("ggml-vocab-deepseek-llm.gguf")]
    public void A_gguf_vocabulary_gives_the_golden_ids(string file) =>
        AssertGolden(Tokenizer.Load(SharedData.Require("llamacpp-vocab-golden", file)), file);

    [Theory]
    [InlineData("ggml-vocab-llama-spm.gguf", "ggml-vocab-llama-spm.gguf")]
    [InlineData("ggml-vocab-phi-3.gguf", "ggml-vocab-llama-spm.gguf")] // the published ids of the two are the same
    [InlineData("ggml-vocab-bert-bge.gguf", "ggml-vocab-bert-bge.gguf")]
    public void A_gguf_vocabulary_of_pieces_gives_the_golden_ids(string file, string golden)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("llamacpp-vocab-golden", file));
        AssertGolden(tokenizer, golden);
        AssertGolden(Saved.AndLoaded(tokenizer), golden);
    }

    [Fact]
    public void Berts_vocabulary_gives_the_golden_ids()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("bert-vocab", "bert-base-uncased-vocab.txt"));
        AssertGolden(tokenizer, "ggml-vocab-bert-bge.gguf");
        Assert.Equal([101, 7592, 2088, 102], tokenizer.Encode("Hello World", addSpecialTokens: true));
        Assert.Equal([0, 0, 0, 1, 1], tokenizer.EncodePair("hello", "world").Types);
        Assert.Equal(103, tokenizer.SpecialTokens.Mask);
    }

    [Fact]
    public void Berts_chinese_vocabulary_takes_each_ideograph()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("bert-vocab", "bert-base-chinese-vocab.txt"));
        string[] tokens = [.. tokenizer.Encode("知识就是力量，Knowledge！").Select(tokenizer.IdToToken)];
        Assert.Equal(["知", "识", "就", "是", "力", "量", "，"], tokens[..7]);
        // The ids of these lines of the published file.
        Assert.Equal([4761, 6399, 2218, 3221, 1213, 7030, 8024], tokenizer.Encode("知识就是力量，"));
        Assert.Equal("！", tokens[^1]);
        Assert.DoesNotContain("[UNK]", tokens);
    }

    [Theory]
    [InlineData("ggml-vocab-llama-spm.gguf")]
    [InlineData("ggml-vocab-phi-3.gguf")]
    [InlineData("ggml-vocab-baichuan.gguf")]
    [InlineData("ggml-vocab-gpt-2.gguf")]
    [InlineData("ggml-vocab-gpt-neox.gguf")]
    [InlineData("ggml-vocab-falcon.gguf")]
    [InlineData("ggml-vocab-mpt.gguf")]
    [InlineData("ggml-vocab-deepseek-coder.gguf")]
    [InlineData("ggml-vocab-deepseek-llm.gguf")]
    public void A_gguf_vocabulary_gives_the_text_back_and_survives_saving(string file)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("llamacpp-vocab-golden", file));
        Tokenizer again = Saved.AndLoaded(tokenizer);
        foreach (string text in GoldenTexts("ggml-vocab-gpt-2.gguf"))
        {
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(text, tokenizer.Decode(ids));
            Assert.Equal(ids, again.Encode(text));
            Assert.Equal(tokenizer.Encode(text, addSpecialTokens: true), again.Encode(text, addSpecialTokens: true));
        }
    }

    [Theory]
    [InlineData("tiktoken-ranks", "gpt2.tiktoken")]
    [InlineData("gpt2-vocab", "gpt2_vocab.json")]
    public void Gpt2_gives_the_golden_ids_from_each_of_its_files(string folder, string file) =>
        AssertGolden(Tokenizer.Load(SharedData.Require(folder, file)), "ggml-vocab-gpt-2.gguf");

    [Theory]
    [InlineData("corpus.en")]
    [InlineData("german.txt")]
    [InlineData("address.txt")]
    [InlineData("tinystories_sample.txt")]
    public void The_files_of_gpt2_agree_on_whole_texts(string file)
    {
        string text = File.ReadAllText(SharedData.Require("gpt2-vocab", file));
        int[] ranks = Tokenizer.Load(SharedData.Require("tiktoken-ranks", "gpt2.tiktoken")).Encode(text, parseSpecialTokens: true);
        Tokenizer merges = Tokenizer.Load(SharedData.Require("gpt2-vocab", "gpt2_vocab.json"));
        Assert.Equal(ranks, merges.Encode(text, parseSpecialTokens: true));
        Assert.Equal(text, merges.Decode(ranks));
    }

    [Fact]
    public void Cl100k_gives_the_published_example()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("tiktoken-ranks", "cl100k_base.tiktoken"));
        Assert.Equal([15339, 4513, 12340, 30, 320, 31495, 230, 75265, 243, 92245, 16715, 57037], tokenizer.Encode("hello123!!!? (안녕하세요!) 😉"));
        Assert.Equal([100257, 15339, 1917], tokenizer.Encode("<|endoftext|>hello world", parseSpecialTokens: true));
    }

    private static string[] GoldenTexts(string golden) =>
        File.ReadAllText(SharedData.Require("llamacpp-vocab-golden", golden + ".inp")).Split("\n__ggml_vocab_test__\n")[..46]; // a separator ends the file

    private static void AssertGolden(Tokenizer tokenizer, string golden)
    {
        string[] texts = GoldenTexts(golden);
        string[] expected = File.ReadAllLines(SharedData.Require("llamacpp-vocab-golden", golden + ".out"));
        Assert.Equal(46, expected.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i].Trim(), string.Join(' ', tokenizer.Encode(texts[i])));
    }
}
