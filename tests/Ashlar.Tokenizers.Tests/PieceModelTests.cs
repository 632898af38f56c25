using System.Text;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;
using CsCheck;

namespace Ashlar.Tokenizers.Tests;

/// <summary>The models of SentencePiece, by hand and against the definition.</summary>
public sealed class PieceModelTests
{
    [Fact]
    public void Unigram_takes_the_likeliest_cut()
    {
        // ab+c: -1.1 - 2 = -3.1; a+bc: -1 - 2.2 = -3.2; a+b+c: -5; abc: -3.5.
        UnigramModel model = Unigram([("<unk>", 0), ("a", -1), ("b", -2), ("c", -2), ("ab", -1.1), ("bc", -2.2), ("abc", -3.5)]);
        Assert.Equal([4, 3], Ids(model, "abc"));
        Assert.Equal([1, 5], Ids(Unigram([("<unk>", 0), ("a", -1), ("b", -2), ("c", -2), ("ab", -1.1), ("bc", -2.0), ("abc", -3.5)]), "abc"));
        // A run of unknown characters is one token.
        Assert.Equal([1, 0, 3], Ids(model, "a知识c"));
    }

    [Fact]
    public void Unigram_is_the_best_of_all_cuts()
    {
        Gen.Select(Gen.Char["abc"].Array[1, 4].Select(part => new string(part)).Array[1, 12], Gen.Double[-9, -0.1].Array[15], Gen.Char["abc"].Array[1, 9].Select(part => new string(part))).Sample((tokens, scores, text) =>
        {
            string[] all = [.. tokens.Concat(["a", "b", "c"]).Distinct()];
            Dictionary<string, double> score = all.Select((token, i) => (token, scores[i])).ToDictionary();
            UnigramModel model = Unigram([("<unk>", 0), .. all.Select(token => (token, score[token]))]);
            double found = Ids(model, text).Sum(model.Score);
            Assert.Equal(Best(text), found, 9);

            double Best(string rest) => rest.Length == 0 ? 0 : all.Where(token => rest.StartsWith(token, StringComparison.Ordinal)).Max(token => score[token] + Best(rest[token.Length..]));
        });
    }

    [Fact]
    public void Piece_merging_takes_the_highest_score_first()
    {
        string[] tokens = ["<unk>", "▁", "a", "b", "c", "bc", "ab", "▁ab", "▁abc"];
        double[] scores = [0, -9, -9, -9, -9, -1, -2, -3, -4];
        CharacterPairModel model = new(tokens, null, scores, new CharacterPairOptions { Unknown = "<unk>", FuseUnknown = true, Outside = new HashSet<int> { 0 } });
        // bc before ab; then nothing joins ▁, a and bc.
        Assert.Equal([1, 2, 5], Ids(model, "▁abc"));
        Assert.Equal([7, 0, 7], Ids(model, "▁abxy▁ab"));
        Assert.NotNull(model.Scanner);
    }

    [Fact]
    public void A_character_without_a_token_can_be_part_of_one()
    {
        CharacterPairModel model = new(["<unk>", "a", "ab"], null, [0, -5, -1], new CharacterPairOptions { Unknown = "<unk>", Outside = new HashSet<int> { 0 } });
        Assert.Equal([2, 2], Ids(model, "abab"));
        Assert.Equal([2, 0], Ids(model, "abb"));
    }

    [Fact]
    public void Cutting_at_space_marks_changes_nothing()
    {
        string[] tokens = ["<unk>", "▁", "a", "b", "▁a", "ab", "▁ab", "▁▁", "aa", "▁b", "ba"];
        double[] scores = [0, -20, -20, -20, -1, -2, -3, -4, -5, -6, -7];
        CharacterPairOptions options = new() { Unknown = "<unk>", FuseUnknown = true, Outside = new HashSet<int> { 0 } };
        CharacterPairModel model = new(tokens, null, scores, options);
        Assert.NotNull(model.Scanner);
        Gen.Char["▁▁aabbx"].Array[1, 30].Select(part => new string(part)).Sample(text =>
        {
            TokenBuffer parts = new();
            for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
            {
                int length = model.Scanner!.NextLength(rest);
                model.Encode(rest[..length], parts);
                rest = rest[length..];
            }

            Assert.Equal(Ids(model, text), parts.ToArray());
        });
        // A token with a mark inside forbids it.
        Assert.Null(new CharacterPairModel([.. tokens, "a▁b"], null, [.. scores, -8], options).Scanner);
    }

    [Fact]
    public void Long_words_merge_as_short_ones_do()
    {
        string[] tokens = ["<unk>", "a", "b", "ab", "ba", "abab", "aba"];
        CharacterPairModel model = new(tokens, null, [0, -9, -9, -1, -2, -3, -4], new CharacterPairOptions { Unknown = "<unk>", Outside = new HashSet<int> { 0 } });
        Assert.Equal([.. Enumerable.Repeat(5, 500), 3], Ids(model, string.Concat(Enumerable.Repeat("ab", 1001))));
    }

    [Fact]
    public void The_trie_finds_every_key_and_no_other() =>
        Gen.Byte.Array[1, 5].Array[0, 60].Sample(keys =>
        {
            ByteTrie trie = new(keys.Select((key, value) => (key, value)));
            Dictionary<string, int> first = [];
            for (int i = 0; i < keys.Length; i++)
                first.TryAdd(Convert.ToHexString(keys[i]), i);
            foreach (byte[] probe in keys.Concat(keys.Select(key => key[..^1])).Concat(keys.Select(key => (byte[])[.. key, 7])).Where(probe => probe.Length > 0))
            {
                int node = ByteTrie.Root;
                int value = -1;
                bool whole = true;
                foreach (byte one in probe)
                    whole = whole && trie.Step(ref node, one, out value);
                Assert.Equal(first.GetValueOrDefault(Convert.ToHexString(probe), -1), whole ? value : -1);
            }
        });

    [Fact]
    public void Compiled_rules_replace_the_longest_match()
    {
        // A -> x and AB -> yz, as Darts-clone lays them out: a unit is a label, a leaf bit and an offset that is xor-ed.
        uint[] units = new uint[0x200];
        units[0] = 0x100 << 10;
        units[0x100 ^ 'A'] = 'A' | 0x100 | (0x1u << 10);
        uint after = (0x100u ^ 'A') ^ 0x1;
        units[after] = 0x80000000 | 0; // the value: place of "x"
        units[after ^ 'B'] = 'B' | 0x100 | (0x80u << 10);
        units[(after ^ 'B') ^ 0x80] = 0x80000000 | 2; // place of "yz"
        CharacterMap map = new([.. BitConverter.GetBytes(units.Length * 4), .. units.SelectMany(BitConverter.GetBytes), .. "x\0yz\0"u8]);
        Assert.Equal("x-yz-Bx", new PrecompiledNormalizer(map).Normalize("A-AB-BA"));
        SentencePieceNormalizer normalizer = new(map, true, true, true, false, ["<A>"]);
        Assert.Equal("▁x▁yz▁<A>x", normalizer.Normalize("  A  AB <A>A  "));
        Assert.Equal("", normalizer.Normalize("   "));
        Assert.Contains("charsmap", Assert.Throws<InvalidDataException>(() => new CharacterMap([9, 0, 0, 0, 1])).Message);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_model_file_is_read_and_any_text_comes_back(int type)
    {
        string path = Path.Combine(Path.GetTempPath(), $"ashlar-{Guid.NewGuid():N}.model");
        try
        {
            File.WriteAllBytes(path, SmallModel(type));
            Tokenizer tokenizer = Tokenizer.Load(path);
            Tokenizer again = Saved.AndLoaded(tokenizer);
            Assert.Equal(["▁", "ab", "ab"], tokenizer.Encode("abab").Select(tokenizer.IdToToken));
            Assert.Equal(tokenizer.TokenToId("<0xE7>"), tokenizer.Encode("知")[1]);
            Assert.Equal(0, tokenizer.SpecialTokens.Unknown);
            Assert.Equal(1, tokenizer.SpecialTokens.BeginOfText);
            Gen.String.Sample(text => Check(Encoding.UTF8.GetBytes(text)));
            Gen.Byte.Array.Sample(Check);
            Gen.OneOf([.. new[] { "<s>", "</s>", "<unk>", "<0x41>", " ", "ab", "a" }.Select(Gen.Const)]).Array[0, 8].Select(string.Concat).Sample(text =>
            {
                Assert.DoesNotContain(tokenizer.Encode(text), tokenizer.IsSpecial);
                Check(Encoding.UTF8.GetBytes(text));
            });

            void Check(byte[] bytes)
            {
                if (bytes.AsSpan().IndexOf("▁"u8) >= 0)
                    return; // the one character that the format itself takes
                int[] ids = tokenizer.Encode(bytes);
                Assert.Equal(bytes, tokenizer.DecodeBytes(ids));
                Assert.Equal(ids, again.Encode(bytes));
                Assert.Equal(bytes, again.DecodeBytes(ids));
                Assert.Equal(bytes.Length, ids.Select((id, i) => tokenizer.TokenByteCount(id, first: i == 0)).Sum());
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_damaged_model_file_is_refused_in_one_sentence()
    {
        string path = Path.Combine(Path.GetTempPath(), $"ashlar-{Guid.NewGuid():N}.model");
        byte[] whole = SmallModel(1);
        try
        {
            foreach (byte[] bytes in (byte[][])[whole[..^1], [], "not a model"u8.ToArray(), SmallModel(3)])
            {
                File.WriteAllBytes(path, bytes);
                Assert.StartsWith(path, Assert.Throws<InvalidDataException>(() => Tokenizer.Load(path)).Message);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A model with byte fallback and no rules but the dummy prefix: kind 1 unigram, 2 BPE.</summary>
    private static byte[] SmallModel(int type)
    {
        MemoryStream file = new();
        Piece("<unk>", 0, 2);
        Piece("<s>", 0, 3);
        Piece("</s>", 0, 3);
        for (int value = 0; value < 256; value++)
            Piece($"<0x{value:X2}>", 0, 6);
        Piece("▁", -3, 1);
        Piece("ab", -1, 1);
        Piece("a", -4, 1);
        Piece("b", -5, 1);
        Field(file, 2, [0x18, (byte)type, 0x98, 0x02, 1]); // model_type; byte_fallback is field 35
        Field(file, 3, [0x18, 1, 0x20, 0, 0x28, 1]); // add_dummy_prefix, no remove_extra_whitespaces, escape_whitespaces
        return file.ToArray();

        void Piece(string text, float score, byte kind)
        {
            MemoryStream piece = new();
            Field(piece, 1, Encoding.UTF8.GetBytes(text));
            piece.WriteByte(0x15);
            piece.Write(BitConverter.GetBytes(score));
            piece.Write([0x18, kind]);
            Field(file, 1, piece.ToArray());
        }

        static void Field(Stream to, int number, byte[] bytes)
        {
            to.WriteByte((byte)((number << 3) | 2));
            to.WriteByte((byte)bytes.Length); // all are below 128
            to.Write(bytes);
        }
    }

    private static UnigramModel Unigram((string, double)[] pieces) =>
        new([.. pieces.Select((piece, id) => new Piece(piece.Item1, piece.Item2, id == 0 ? PieceKind.Unknown : PieceKind.Normal))], 0, byteFallback: false, single: false);

    private static int[] Ids(TokenModel model, string text)
    {
        TokenBuffer ids = new();
        model.Encode(text, ids);
        return ids.ToArray();
    }
}
