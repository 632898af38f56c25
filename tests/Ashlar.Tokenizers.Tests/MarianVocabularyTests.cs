using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tests;

namespace Ashlar.Tokenizers.Tests;

public sealed class MarianVocabularyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-marian-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Marian's order: </s> first, <pad> last, pieces of both sides between, and pieces of one side that have no id.
    private static readonly string[] Vocabulary = ["</s>", "<unk>", "\u2581a", "b", "\u2581le", "ab", ">>fra<<", "\u2581chat", "<pad>"];

    [Fact]
    public void Each_side_cuts_with_its_own_model_and_both_have_the_ids_of_the_vocabulary()
    {
        Write(Vocabulary);
        Assert.True(MarianVocabulary.Recognizes(_folder));
        (Tokenizer source, Tokenizer target) = MarianVocabulary.Load(_folder);
        Assert.Equal(9, source.VocabularySize);
        // ▁a + b is likelier than what else spells it.
        Assert.Equal([2, 3], source.Encode("ab"));
        // A piece that the vocabulary does not list, and a character that the model does not have, are unknown.
        Assert.Equal([2, 1], source.Encode("ac"));
        Assert.Equal([2, 1], source.Encode("a\u96EA"));
        Assert.Equal([6, 2, 3], source.Encode(">>fra<< ab"));
        Assert.Equal([4, 7], target.Encode("le chat"));
        Assert.Equal("le chat", target.Decode([4, 7, 0], skipSpecialTokens: true));
        // The other side's piece still has its text.
        Assert.Equal("a chat", target.Decode([2, 7]));
        Assert.Equal((0, 8, 1), (target.SpecialTokens.EndOfText, target.SpecialTokens.Padding, target.SpecialTokens.Unknown));
        Assert.True(target.IsSpecial(0));
    }

    [Fact]
    public void The_target_may_have_ids_of_its_own()
    {
        Write(Vocabulary);
        File.WriteAllText(Path.Combine(_folder, "target_vocab.json"), """{"</s>":0,"<unk>":1,"▁chat":2,"▁le":3}""");
        Assert.Equal([3, 2], MarianVocabulary.Load(_folder).Target.Encode("le chat"));
    }

    [Fact]
    public void A_damaged_vocabulary_is_named()
    {
        Write(Vocabulary);
        string path = Path.Combine(_folder, "vocab.json");
        File.WriteAllText(path, """{"<unk>":1,"a":"two"}""");
        Assert.StartsWith(path, Assert.Throws<InvalidDataException>(() => MarianVocabulary.Load(_folder)).Message);
        File.WriteAllText(path, """{"a":1}""");
        Assert.Contains("<unk>", Assert.Throws<InvalidDataException>(() => MarianVocabulary.Load(_folder)).Message);
        File.Delete(path);
        Assert.False(MarianVocabulary.Recognizes(_folder));
    }

    [Fact]
    public void A_real_model_gives_its_own_pieces_under_other_ids()
    {
        string model = SharedData.Require("sentencepiece-test", "test_model.model");
        Tokenizer own = Tokenizer.Load(model);
        File.Copy(model, Path.Combine(_folder, "source.spm"));
        File.Copy(model, Path.Combine(_folder, "target.spm"));
        JsonObject ids = [];
        for (int id = 0; id < own.VocabularySize; id++)
            ids[own.IdToToken(id)] = own.VocabularySize - 1 - id;
        File.WriteAllText(Path.Combine(_folder, "vocab.json"), ids.ToJsonString());
        Tokenizer renumbered = MarianVocabulary.Load(_folder).Source;
        const string Text = "Ah! well-a-day! what evil looks had I from old and young!";
        Assert.Equal(own.Encode(Text).Select(id => own.VocabularySize - 1 - id), renumbered.Encode(Text));
        Assert.Equal(Text, renumbered.Decode(renumbered.Encode(Text)));
    }

    private void Write(string[] vocabulary)
    {
        File.WriteAllBytes(Path.Combine(_folder, "source.spm"), Model(("<unk>", 0, 2), ("\u2581a", -1, 1), ("b", -1, 1), ("\u2581", -9, 1), ("ab", -8, 1), ("c", -1, 1)));
        File.WriteAllBytes(Path.Combine(_folder, "target.spm"), Model(("<unk>", 0, 2), ("\u2581le", -1, 1), ("\u2581chat", -1, 1)));
        JsonObject ids = [];
        for (int id = 0; id < vocabulary.Length; id++)
            ids[vocabulary[id]] = id;
        File.WriteAllText(Path.Combine(_folder, "vocab.json"), ids.ToJsonString());
    }

    // sentencepiece_model.proto: pieces = 1 {piece = 1, score = 2, type = 3}, trainer_spec = 2 {model_type = 3}; the normalizer by its defaults.
    private static byte[] Model(params (string Text, float Score, byte Kind)[] pieces)
    {
        List<byte> file = [];
        foreach ((string text, float score, byte kind) in pieces)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text), number = new byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(number, score);
            byte[] piece = [0x0A, (byte)bytes.Length, .. bytes, 0x15, .. number, 0x18, kind];
            file.AddRange([0x0A, (byte)piece.Length, .. piece]);
        }

        return [.. file, 0x12, 2, 0x18, 1];
    }
}
