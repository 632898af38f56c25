using System.Text;
using Ashlar.Tests;
using Ashlar.Tokenizers.PreTokenizers.Scanners;
using Ashlar.Tokenizers.Training;
using CsCheck;

namespace Ashlar.Tokenizers.Tests;

public sealed class BytePairTests
{
    private static readonly Tokenizer Small = ByteLevelBpeTrainer.Train(
        ["the cat sat on the mat, and the cat said: it's 1234 o'clock\n\nthe end", "你好，世界。语言模型预测下一个词。", "  spaces   and\ttabs \r\n"],
        400,
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]);

    [Fact]
    public void The_textbook_example_merges_as_by_hand()
    {
        // Wikipedia's aaabdaaabac: aa, then (greater bytes first among ties) the pairs around it.
        Tokenizer tokenizer = ByteLevelBpeTrainer.Train(["aaabdaaabac"], 256 + 1 + 1, ["<|endoftext|>"]);
        int[] ids = tokenizer.Encode("aaabdaaabac");
        Assert.Equal(9, ids.Length);
        Assert.Equal("aa", tokenizer.IdToToken(256));
        Assert.Equal([256, 'a', 'b', 'd', 256, 'a', 'b', 'a', 'c'], ids);
    }

    [Fact]
    public void Any_text_and_any_bytes_come_back()
    {
        Gen.String.Sample(text =>
        {
            string whole = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            Assert.Equal(whole, Small.Decode(Small.Encode(text)));
        });
        Gen.Byte.Array.Sample(bytes => Assert.Equal(bytes, Small.DecodeBytes(Small.Encode(bytes))));
    }

    [Fact]
    public void The_bytes_of_the_tokens_are_the_bytes_of_the_text() =>
        Gen.Byte.Array.Sample(bytes => Assert.Equal(bytes.Length, Small.Encode(bytes).Sum(Small.TokenByteCount)));

    [Fact]
    public void User_text_that_spells_a_special_token_stays_text()
    {
        int end = Small.SpecialTokens.EndOfText!.Value;
        int[] plain = Small.Encode("a<|endoftext|>b");
        Assert.DoesNotContain(end, plain);
        Assert.DoesNotContain(plain, Small.IsSpecial);
        Assert.Equal("a<|endoftext|>b", Small.Decode(plain));
        int[] parsed = Small.Encode("a<|endoftext|>b", parseSpecialTokens: true);
        Assert.Equal(3, parsed.Length);
        Assert.Equal(end, parsed[1]);
        Assert.Equal("ab", Small.Decode(parsed, skipSpecialTokens: true));
    }

    [Fact]
    public void A_long_word_merges_as_a_short_one_does()
    {
        string word = string.Concat(Enumerable.Repeat("thecatsatonthemat", 100));
        int[] whole = Small.Encode(word);
        Assert.Equal(word, Small.Decode(whole));
        // The greedy merges of a periodic word are periodic away from the ends.
        Assert.True(whole.Length < word.Length / 2);
        Assert.Equal(ReferenceEncode(word), whole);
    }

    [Fact]
    public void Streaming_never_shows_half_a_character()
    {
        const string Text = "naïve 语言模型 🙂 end";
        StreamingDecoder decoder = Small.NewStreamingDecoder();
        StringBuilder shown = new();
        foreach (int id in Small.Encode(Text))
        {
            string piece = decoder.Append(id);
            Assert.DoesNotContain('\uFFFD', piece);
            shown.Append(piece);
        }

        shown.Append(decoder.Flush());
        Assert.Equal(Text, shown.ToString());
    }

    [Theory]
    [InlineData(ByteLevelBpeTrainer.Gpt2Pattern)]
    [InlineData(@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    public void A_saved_tokenizer_loads_equal(string pattern)
    {
        Tokenizer trained = ByteLevelBpeTrainer.Train(["hello world 12 hello there 你好"], 300, ["<|endoftext|>"], pattern)
            .WithChatTemplate("{{ messages }}");
        string folder = Directory.CreateTempSubdirectory("ashlar-tokenizer-").FullName;
        try
        {
            trained.Save(folder);
            Tokenizer loaded = Tokenizer.Load(folder);
            Assert.Equal(trained.VocabularySize, loaded.VocabularySize);
            Assert.Equal(trained.SpecialTokens, loaded.SpecialTokens);
            Assert.Equal("{{ messages }}", loaded.ChatTemplate);
            Gen.String.Sample(text => Assert.Equal(trained.Encode(text), loaded.Encode(text)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    [InlineData(@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")]
    [InlineData(O200kScanner.Expression)]
    [InlineData(ByteLevelBpeTrainer.Gpt2Pattern)]
    public void The_hand_written_scanners_cut_as_the_regular_expression_does(string pattern)
    {
        TextScanner? scanner = TextScanner.Published(pattern);
        Assert.NotNull(scanner);
        // A group stops the pattern from being recognised, so that this one goes by the regular expression.
        PreTokenizers.SplitPreTokenizer regex = new($"(?:{pattern})");
        Assert.Null(regex.Scanner);
        PreTokenizers.SplitPreTokenizer byHand = new(pattern);
        Gen<string> piece = Gen.OneOf(
            Gen.Char["ab'stdmrevlLSTRE  \n\r\t09.,!-/你ー\u0301\u0903\u00a0ǅʰⅣ²"].Select(value => value.ToString()),
            Gen.Char[(char)0, '\uD7FF'].Select(value => value == '\u017F' ? "f" : value.ToString()),
            Gen.OneOf([.. new[] { "𝔸", "🙂", "𐐷", "𐐏", "𝟙", "𠀋", "𝅥", "'s", "'RE", "\r\n" }.Select(Gen.Const)]));
        piece.Array[0, 30].Select(string.Concat).Sample(text => Assert.Equal(Cut(regex, text), Cut(byHand, text)), iter: 4_000);

        static List<string> Cut(PreTokenizers.PreTokenizer by, string text)
        {
            List<string> parts = [];
            by.Cut(text, true, parts);
            return parts;
        }
    }

    [Fact]
    public void Too_small_a_vocabulary_is_refused() =>
        Assert.Contains("at least 257", Assert.Throws<InvalidDataException>(() => ByteLevelBpeTrainer.Train(["a"], 100)).Message);

    [Fact]
    public void The_trainer_gives_the_reference_merges()
    {
        // The CS336 reference: 500 tokens on corpus.en, ties to the lexicographically greater pair.
        Tokenizer tokenizer = ByteLevelBpeTrainer.Train([File.ReadAllText(SharedData.Require("gpt2-vocab", "corpus.en"))], 500);
        string[] expected = [.. File.ReadAllLines(SharedData.Require("gpt2-vocab", "train-bpe-reference-merges.txt")).Where(line => line.Length > 0)];
        string[] learned = [.. ((Models.BytePairModel)tokenizer.Pipeline.Model).Merges.Select(merge => $"{tokenizer.IdToToken(merge.Left)} {tokenizer.IdToToken(merge.Right)}")];
        Assert.Equal(expected, learned);
    }

    [Fact]
    public void Training_does_not_depend_on_the_order_of_documents()
    {
        string[] documents = ["low low low lower", "newest newest widest", "low newest 语言 语言"];
        int[] forward = ByteLevelBpeTrainer.Train(documents, 290).Encode("lowest newer 语言");
        int[] backward = ByteLevelBpeTrainer.Train(documents.Reverse(), 290).Encode("lowest newer 语言");
        Assert.Equal(forward, backward);
    }

    [Fact]
    public void Characters_have_one_id_each_in_code_point_order()
    {
        Tokenizer tokenizer = CharacterTrainer.Train(["hello 🙂 你"], ["<|endoftext|>"], unknown: true);
        Assert.Equal(" ehlo你🙂", string.Concat(Enumerable.Range(0, 7).Select(tokenizer.IdToToken)));
        Assert.Equal(tokenizer.SpecialTokens.Unknown, tokenizer.Encode("z")[0]);
        Assert.Equal("hello 🙂", tokenizer.Decode(tokenizer.Encode("hello 🙂")));
        string folder = Directory.CreateTempSubdirectory("ashlar-tokenizer-").FullName;
        tokenizer.Save(folder);
        Tokenizer loaded = Tokenizer.Load(folder);
        Directory.Delete(folder, recursive: true);
        Assert.Equal(tokenizer.Encode("hello z"), loaded.Encode("hello z"));
        Assert.Equal(tokenizer.VocabularySize, loaded.VocabularySize);
    }

    // The definition: merge the lowest-ranked adjacent pair, leftmost first, until none is left.
    private static int[] ReferenceEncode(string text)
    {
        Models.BytePairModel model = (Models.BytePairModel)Small.Pipeline.Model;
        List<int> symbols = [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)];
        while (true)
        {
            (int rank, int at) = (int.MaxValue, -1);
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int found = model.Merges.ToList().FindIndex(merge => merge.Left == symbols[i] && merge.Right == symbols[i + 1]);
                if (found >= 0 && found < rank)
                    (rank, at) = (found, i);
            }

            if (at < 0)
                return [.. symbols];
            symbols[at] = model.Merges[rank].Result;
            symbols.RemoveAt(at + 1);
        }
    }
}
