using System.Text;
using Ashlar.Tests;
using Ashlar.Tokenizers.Training;
using CsCheck;

namespace Ashlar.Tokenizers.Tests;

public sealed class TrainerTests
{
    private static readonly string[] Documents = [.. Enumerable.Repeat("the cat sat on the mat. the dog sat on the log, the hat was on the cat.\n", 20), "语言模型预测下一个词。知识就是力量。\n", "Ünïcödé 1234  two spaces\n"];

    [Fact]
    public void Wordpiece_joins_the_most_frequent_parts_as_by_hand()
    {
        // hug 10, pug 5, pun 12, bun 4, hugs 5: (##u, ##g) 20 times, then (##u, ##n) 16, (h, ##ug) 15, (p, ##un) 12.
        string text = string.Join(' ', new[] { ("hug", 10), ("pug", 5), ("pun", 12), ("bun", 4), ("hugs", 5) }.SelectMany(word => Enumerable.Repeat(word.Item1, word.Item2)));
        Tokenizer tokenizer = WordPieceTrainer.Train([text], 5 + 7 + 4 + 4);
        string[] tokens = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.IdToToken)];
        Assert.Equal(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "b", "g", "h", "n", "p", "s", "u"], tokens[..12]);
        Assert.Equal(["##g", "##n", "##s", "##u"], tokens[12..16].Order(StringComparer.Ordinal));
        Assert.Equal(["##ug", "##un", "hug", "pun"], tokens[16..]);
        Assert.Equal(["b", "##ug", "##s"], tokenizer.Encode("bugs").Select(tokenizer.IdToToken));
        Assert.Equal("[UNK]", tokenizer.IdToToken(tokenizer.Encode("mug")[0]));
    }

    [Fact]
    public void Wordpiece_saves_and_keeps_text_from_becoming_control_tokens()
    {
        Tokenizer trained = WordPieceTrainer.Train(Documents, 200);
        Tokenizer loaded = Saved.AndLoaded(trained);
        Assert.Equal(trained.SpecialTokens, loaded.SpecialTokens);
        int unknown = trained.SpecialTokens.Unknown!.Value;
        Gen.OneOf([.. new[] { "[MASK]", "[CLS]", "the ", "cat", " ", "知识", "É", "!", "log" }.Select(Gen.Const), Gen.String]).Array[0, 10].Select(string.Concat).Sample(text =>
        {
            int[] ids = trained.Encode(text);
            Assert.Equal(ids, loaded.Encode(text));
            Assert.DoesNotContain(ids, id => id != unknown && trained.IsSpecial(id));
            Assert.Equal(trained.Encode(text, addSpecialTokens: true, parseSpecialTokens: true), loaded.Encode(text, addSpecialTokens: true, parseSpecialTokens: true));
            Assert.Equal(trained.Decode(ids), loaded.Decode(ids));
        });
        Assert.Equal("the cat sat on the mat.", trained.Decode(trained.Encode("The  cat sat on the mat .")));
    }

    [Fact]
    public void Unigram_finds_words_and_any_bytes_come_back()
    {
        Tokenizer trained = UnigramTrainer.Train(Documents, 360, ["<s>", "</s>", "<|im_end|>"]);
        Assert.InRange(trained.VocabularySize, 300, 360); // so small a text has not many tokens that are worth it
        Assert.NotNull(trained.TokenToId("▁the"));
        Assert.Equal(["▁the", "▁cat", "▁sat"], trained.Encode("the cat sat").Select(trained.IdToToken));
        Tokenizer loaded = Saved.AndLoaded(trained);
        Assert.Equal(trained.SpecialTokens, loaded.SpecialTokens);
        Gen.Byte.Array.Sample(Check);
        Gen.OneOf([.. new[] { "</s>", "<0x0A>", "the ", "  ", "知识", "\n", "🙂" }.Select(Gen.Const), Gen.String]).Array[0, 10].Select(string.Concat).Sample(text =>
        {
            Assert.DoesNotContain(trained.Encode(text), trained.IsSpecial);
            Check(Encoding.UTF8.GetBytes(text));
        });

        void Check(byte[] bytes)
        {
            if (bytes.AsSpan().IndexOf("▁"u8) >= 0)
                return;
            int[] ids = trained.Encode(bytes);
            Assert.Equal(bytes, trained.DecodeBytes(ids));
            Assert.Equal(ids, loaded.Encode(bytes));
            Assert.Equal(bytes, loaded.DecodeBytes(ids));
            Assert.Equal(bytes.Length, ids.Select((id, i) => trained.TokenByteCount(id, first: i == 0)).Sum());
        }
    }

    [Fact]
    public void Unigram_has_the_size_that_is_asked_for() =>
        Assert.Equal(450, UnigramTrainer.Train(File.ReadLines(Path.Combine(SharedData.RepositoryRoot, "README.md")), 450).VocabularySize);

    [Fact]
    public void Unigram_in_the_form_of_sentencepiece_tidies_the_text()
    {
        Tokenizer trained = UnigramTrainer.Train(Documents, 120, byteFallback: false, compatibility: true);
        Assert.Equal("the cat sat", trained.Decode(trained.Encode("  the\tcat \n sat ")));
        Assert.Equal(trained.Encode("the cat 12"), trained.Encode("ｔｈｅ cat ①②"));
        Assert.Equal("<unk>", trained.IdToToken(trained.Encode("Ж")[^1]));
        Assert.Contains("at least", Assert.Throws<InvalidDataException>(() => UnigramTrainer.Train(Documents, 100)).Message);
    }

    [Fact]
    public void Seeds_are_the_repeated_substrings_with_their_counts()
    {
        Gen.Char["ab"].Array[1, 6].Select(word => new string(word)).Array[1, 8].Sample(words =>
        {
            KeyValuePair<string, long>[] counted = [.. words.GroupBy(word => word).Select(group => KeyValuePair.Create(group.Key, (long)group.Count()))];
            Dictionary<string, double> seeds = UnigramSeeds.Find(counted, 16, 1000).ToDictionary(seed => seed.Text, seed => seed.Worth);
            foreach ((string text, double worth) in seeds)
                Assert.Equal(Count(text) * text.Length, worth);
            // A repeated substring is there, or one that contains it and occurs as often is.
            foreach (string word in words)
            {
                for (int i = 0; i < word.Length; i++)
                {
                    for (int length = 2; i + length <= word.Length; length++)
                    {
                        string part = word.Substring(i, length);
                        if (Count(part) > 1)
                            Assert.Contains(seeds.Keys, seed => seed.StartsWith(part, StringComparison.Ordinal) && Count(seed) == Count(part));
                    }
                }
            }

            int Count(string part) => words.Sum(word => Enumerable.Range(0, Math.Max(0, word.Length - part.Length + 1)).Count(i => word.AsSpan(i).StartsWith(part)));
        });
    }

    [Fact]
    public void Digamma_has_its_known_values()
    {
        Assert.Equal(-0.57721566490153286, UnigramEstimator.Digamma(1), 8);
        Assert.Equal(-1.9635100260214235, UnigramEstimator.Digamma(0.5), 8);
        Assert.Equal(2.2517525890667211, UnigramEstimator.Digamma(10), 8);
    }

    [Fact]
    public void Likelihood_rises_with_every_step()
    {
        KeyValuePair<string, long>[] words = [KeyValuePair.Create("▁hugs", 500L), KeyValuePair.Create("▁hug", 1000L), KeyValuePair.Create("▁pun", 1200L), KeyValuePair.Create("▁bun", 400L)];
        List<(string, double)> seeds = [.. "▁hugspnb".Select(character => (character.ToString(), 100.0)), .. UnigramSeeds.Find(words, 16, 1000)];
        UnigramEstimator estimator = new(seeds, words);
        double before = estimator.Improve();
        for (int step = 0; step < 5; step++)
        {
            double now = estimator.Improve();
            // The Bayesian step is not the maximum itself; with thousands of words the difference is small.
            Assert.True(now > before - 0.01, $"{before} then {now}");
            before = now;
        }

        Assert.Equal(1, estimator.Tokens.Sum(token => Math.Exp(token.Score)), 1);
        estimator.Prune(10);
        Assert.Equal(10, estimator.Count);
        Assert.Equal(8, estimator.Tokens.Count(token => token.Text.Length == 1));
    }

    [Fact]
    public void Unigram_learns_most_of_what_sentencepiece_learns()
    {
        string text = SharedData.Require("sentencepiece-test", "botchan.txt");
        Tokenizer theirs = Tokenizer.Load(SharedData.Require("sentencepiece-test", "test_model.model"));
        Tokenizer ours = UnigramTrainer.Train(File.ReadLines(text), theirs.VocabularySize, byteFallback: false, compatibility: true);
        HashSet<string> mine = [.. Enumerable.Range(0, ours.VocabularySize).Select(ours.IdToToken)];
        Assert.True(Enumerable.Range(0, theirs.VocabularySize).Count(id => mine.Contains(theirs.IdToToken(id))) > 800);
        // As short a text, within a hundredth, as with the vocabulary that SentencePiece trained on it.
        Assert.True(Tokens(ours) < 1.01 * Tokens(theirs), $"{Tokens(ours)} and {Tokens(theirs)} tokens");

        long Tokens(Tokenizer tokenizer) => File.ReadLines(text).Sum(line => (long)tokenizer.Encode(line).Length);
    }

    [Fact]
    public void A_byte_pair_that_spells_a_token_again_adds_none()
    {
        Tokenizer tokenizer = ByteLevelBpeTrainer.Train(["abab abc bcbc abcabc ab bc aab bca cab"], 300);
        string[] tokens = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.IdToToken)];
        Assert.Equal(tokens.Length, tokens.Distinct().Count());
    }
}
