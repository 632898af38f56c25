using System.Text.Json;
using Ashlar.Tests;

namespace Ashlar.Tokenizers.Tests;

/// <summary>Ids made by the original tools with real vocabularies.</summary>
public sealed class PublishedVocabularyTests
{
    [Theory]
    [InlineData("gpt2.tiktoken", "tokens_gpt2.json")]
    [InlineData("p50k_base.tiktoken", "tokens_p50k_base.json")]
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
    [InlineData("qwen3-tokenizer.json.gz", "ggml-vocab-qwen2.gguf")]
    [InlineData("qwen3-tokenizer.json.gz", "ggml-vocab-deepseek-r1-qwen.gguf")]
    [InlineData("llama3-tokenizer.json.gz", "ggml-vocab-llama-bpe.gguf")]
    public void A_real_tokenizer_json_gives_the_golden_ids(string file, string golden)
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("tokenizer-json", file));
        string[] texts = File.ReadAllText(SharedData.Require("llamacpp-vocab-golden", golden + ".inp")).Split("\n__ggml_vocab_test__\n");
        string[] expected = File.ReadAllLines(SharedData.Require("llamacpp-vocab-golden", golden + ".out"));
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i].Trim(), string.Join(' ', tokenizer.Encode(texts[i])));
        Assert.Equal(tokenizer.SpecialTokens.EndOfText, tokenizer.TokenToId(file.StartsWith("qwen") ? "<|im_end|>" : "<|eot_id|>"));
        Assert.NotNull(tokenizer.ChatTemplate);
    }

    [Fact]
    public void Gpt2_gives_the_golden_ids()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("tiktoken-ranks", "gpt2.tiktoken"));
        string[] texts = File.ReadAllText(SharedData.Require("llamacpp-vocab-golden", "ggml-vocab-gpt-2.gguf.inp")).Split("\n__ggml_vocab_test__\n");
        string[] expected = File.ReadAllLines(SharedData.Require("llamacpp-vocab-golden", "ggml-vocab-gpt-2.gguf.out"));
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i].Trim(), string.Join(' ', tokenizer.Encode(texts[i])));
    }

    [Fact]
    public void Cl100k_gives_the_published_example()
    {
        Tokenizer tokenizer = Tokenizer.Load(SharedData.Require("tiktoken-ranks", "cl100k_base.tiktoken"));
        Assert.Equal([15339, 4513, 12340, 30, 320, 31495, 230, 75265, 243, 92245, 16715, 57037], tokenizer.Encode("hello123!!!? (안녕하세요!) 😉"));
        Assert.Equal([100257, 15339, 1917], tokenizer.Encode("<|endoftext|>hello world", parseSpecialTokens: true));
    }
}
