using Ashlar.Shared.Gguf;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;

namespace Ashlar.Tokenizers.Files;

/// <summary>
/// SentencePiece vocabularies in a GGUF file: BPE with byte fallback (<c>tokenizer.ggml.model</c> is llama) and unigram (t5).
/// The text after an added token gets a space before it, as the text at the start does: so llama.cpp has it.
/// </summary>
internal static class GgufSentencePiece
{
    private const string Space = "\u2581";

    public static Tokenizer ReadPairs(GgufHeader header)
    {
        Piece[] pieces = GgufPieces.Read(header, requireScores: true);
        SpecialTokens special = Roles(header, pieces, begin: 1, end: 2, unknown: 0);
        bool prefix = header.FindBoolean("tokenizer.ggml.add_space_prefix") ?? true;
        List<Normalizer> normalizers = [];
        if (prefix)
            normalizers.Add(new PrependNormalizer(Space));
        normalizers.Add(new ReplaceNormalizer(" ", Space));
        bool bytes = pieces.Count(piece => ByteTokens.TryRead(piece.Text, out _)) >= 256;
        CharacterPairModel model = new([.. pieces.Select(piece => piece.Text)], null, [.. pieces.Select(piece => piece.Score)], new CharacterPairOptions
        {
            Unknown = special.Unknown is { } unknown ? pieces[unknown].Text : null,
            FuseUnknown = true,
            ByteFallback = bytes,
            Outside = Enumerable.Range(0, pieces.Length).Where(id => pieces[id].Kind is PieceKind.Control or PieceKind.Unknown or PieceKind.Byte).ToHashSet(),
        });
        return new Tokenizer(new TokenizerPipeline
        {
            Model = model,
            Normalizer = new SequenceNormalizer(normalizers),
            PostProcessor = GgufPieces.Around(header, pieces, special, beginByDefault: true, endByDefault: false),
            Decoder = SentencePieceFile.Decoder(bytes, prefix),
            AddedTokens = GgufPieces.Added(pieces, RightStrip(header, pieces)),
            SpecialTokens = special,
            ChatTemplate = header.FindString("tokenizer.chat_template"),
        });
    }

    public static Tokenizer ReadUnigram(GgufHeader header)
    {
        Piece[] pieces = GgufPieces.Read(header, requireScores: true);
        SpecialTokens special = Roles(header, pieces, begin: null, end: 1, unknown: 2);
        byte[]? map = header.Metadata.TryGetValue("tokenizer.ggml.precompiled_charsmap", out object? blob)
            ? blob as byte[] ?? (blob as sbyte[])?.Select(value => (byte)value).ToArray()
                ?? throw new InvalidDataException("tokenizer.ggml.precompiled_charsmap is not an array of bytes.")
            : null;
        bool prefix = header.FindBoolean("tokenizer.ggml.add_space_prefix") ?? true;
        bool bytes = pieces.Count(piece => piece.Kind == PieceKind.Byte) == 256;
        return new Tokenizer(new TokenizerPipeline
        {
            Model = new UnigramModel(pieces, special.Unknown, bytes, single: true),
            Normalizer = new SentencePieceNormalizer(
                map is null or { Length: 0 } ? null : new CharacterMap(map),
                prefix,
                header.FindBoolean("tokenizer.ggml.remove_extra_whitespaces") ?? false,
                escapeWhitespace: true,
                asSuffix: false,
                [.. pieces.Where(piece => piece.Kind == PieceKind.UserDefined).Select(piece => piece.Text)]),
            PostProcessor = GgufPieces.Around(header, pieces, special, beginByDefault: false, endByDefault: true),
            Decoder = SentencePieceFile.Decoder(bytes, prefix),
            AddedTokens = [.. GgufPieces.Added(pieces).Where(token => token.Special)],
            SpecialTokens = special,
            ChatTemplate = header.FindString("tokenizer.chat_template"),
        });
    }

    // Old files name no special tokens; then the ids are those of the first model of the kind.
    private static SpecialTokens Roles(GgufHeader header, Piece[] pieces, int? begin, int end, int unknown)
    {
        SpecialTokens named = GgufTokenizer.SpecialTokens(header, pieces.Length);
        return named with
        {
            BeginOfText = named.BeginOfText ?? Control(begin),
            EndOfText = named.EndOfText ?? Control(end),
            Unknown = named.Unknown ?? (unknown < pieces.Length && pieces[unknown].Kind == PieceKind.Unknown ? unknown : null),
        };

        int? Control(int? id) => id is { } value && value < pieces.Length && pieces[value].Kind == PieceKind.Control ? value : null;
    }

    // Phi-3's control tokens take the white space after them in, which its file does not say.
    private static Func<int, bool>? RightStrip(GgufHeader header, Piece[] pieces)
    {
        string name = header.FindString("general.name") ?? "";
        if (!name.Contains("phi-3", StringComparison.OrdinalIgnoreCase) && !name.Contains("phi3", StringComparison.OrdinalIgnoreCase))
            return null;
        return id => pieces[id].Text is not ("<unk>" or "<s>" or "<|endoftext|>");
    }
}
