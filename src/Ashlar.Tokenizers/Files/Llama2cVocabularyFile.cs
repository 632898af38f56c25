using System.Buffers.Binary;
using System.Text;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PostProcessors;

namespace Ashlar.Tokenizers.Files;

/// <summary>
/// <c>tokenizer.bin</c> of Karpathy's llama2.c: the length of the longest token (int32), then for each token its score (float32), its
/// length (int32) and its bytes, little endian. It is a SentencePiece BPE vocabulary with byte fallback, spaces written as spaces; ids
/// 0, 1 and 2 are the unknown token, begin and end of text, and 3 to 258 the bytes.
/// </summary>
internal static class Llama2cVocabularyFile
{
    private const string Space = "\u2581";
    private const int FirstByte = 3;

    public static Tokenizer Load(string path)
    {
        (List<string> tokens, List<double> scores) = Read(File.ReadAllBytes(path));
        AddedToken[] added = [.. ((string[])["<unk>", "<s>", "</s>"]).Select((content, id) => new AddedToken(id, content, true))];
        for (int id = 0; id < FirstByte; id++)
            tokens[id] = added[id].Content; // written between line feeds, as they are printed
        CharacterPairModel model = new(tokens, null, scores, new CharacterPairOptions
        {
            Unknown = "<unk>",
            FuseUnknown = true,
            ByteFallback = true,
            Outside = Enumerable.Range(0, FirstByte + 256).ToHashSet(),
        });
        return new Tokenizer(new TokenizerPipeline
        {
            Model = model,
            Normalizer = new SequenceNormalizer([new PrependNormalizer(Space), new ReplaceNormalizer(" ", Space)]),
            PostProcessor = TemplatePostProcessor.Around(("<s>", 1), null),
            Decoder = SentencePieceFile.Decoder(byteFallback: true, dummyPrefix: true),
            AddedTokens = added,
            SpecialTokens = new SpecialTokens(1, 2, null, 0),
        });
    }

    private static (List<string> Tokens, List<double> Scores) Read(ReadOnlySpan<byte> file)
    {
        List<string> tokens = [];
        List<double> scores = [];
        ReadOnlySpan<byte> rest = file.Length >= 4 ? file[4..] : throw Wrong("it has no header");
        while (!rest.IsEmpty)
        {
            int length = rest.Length >= 8 ? BinaryPrimitives.ReadInt32LittleEndian(rest[4..]) : throw Wrong("it ends in the middle of a token");
            if (length < 0 || length > rest.Length - 8)
                throw Wrong($"token {tokens.Count} is {length} bytes long and {rest.Length - 8} are left");
            scores.Add(BinaryPrimitives.ReadSingleLittleEndian(rest));
            tokens.Add(Encoding.UTF8.GetString(rest.Slice(8, length)).Replace(" ", Space, StringComparison.Ordinal));
            rest = rest[(8 + length)..];
        }

        if (tokens.Count < FirstByte + 256)
            throw Wrong($"it has {tokens.Count} tokens; expected at least {FirstByte + 256}");
        for (int value = 0; value < 256; value++)
        {
            if (tokens[FirstByte + value] != $"<0x{value:X2}>")
                throw Wrong($"token {FirstByte + value} is '{tokens[FirstByte + value]}'; expected <0x{value:X2}>");
        }

        return (tokens, scores);
    }

    private static InvalidDataException Wrong(string what) => new($"not a vocabulary of llama2.c: {what}.");
}
