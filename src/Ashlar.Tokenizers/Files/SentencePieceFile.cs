using System.Text;
using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;

namespace Ashlar.Tokenizers.Files;

/// <summary>SentencePiece's <c>.model</c> files, unigram and BPE (Kudo and Richardson 2018).</summary>
internal static class SentencePieceFile
{
    private const string Space = "\u2581";

    public static Tokenizer Load(string path)
    {
        SentencePieceProto proto = SentencePieceProto.Read(File.ReadAllBytes(path));
        Piece[] pieces = [.. proto.Pieces];
        int unknown = Array.FindIndex(pieces, piece => piece.Kind == PieceKind.Unknown);
        AddedToken[] added =
        [
            .. Enumerable.Range(0, pieces.Length)
                .Where(id => pieces[id].Kind is PieceKind.Control or PieceKind.Unknown && pieces[id].Text.Length > 0)
                .Select(id => new AddedToken(id, pieces[id].Text, true)),
        ];
        int[] userDefined = [.. Enumerable.Range(0, pieces.Length).Where(id => pieces[id].Kind == PieceKind.UserDefined)];
        return new Tokenizer(new TokenizerPipeline
        {
            Model = Model(proto, pieces, unknown, userDefined),
            Normalizer = new SentencePieceNormalizer(
                proto.CharacterMap.Length == 0 ? null : new CharacterMap(proto.CharacterMap),
                proto.AddDummyPrefix,
                proto.RemoveExtraWhitespaces,
                proto.EscapeWhitespaces,
                proto.WhitespaceAsSuffix,
                [.. userDefined.Select(id => pieces[id].Text)]),
            Decoder = Decoder(proto.ByteFallback, proto.AddDummyPrefix && !proto.WhitespaceAsSuffix),
            AddedTokens = added,
            SpecialTokens = new SpecialTokens(Control(proto.Begin), Control(proto.End), Control(proto.Padding), unknown < 0 ? null : unknown)
            {
                Mask = Find("[MASK]") ?? Find("<mask>"),
                Classification = Find("[CLS]"),
                Separator = Find("[SEP]"),
            },
        });

        int? Control(int id) => id >= 0 && id < pieces.Length && pieces[id].Kind == PieceKind.Control ? id : null;

        int? Find(string name) => Array.FindIndex(pieces, piece => piece.Text == name && piece.Kind is PieceKind.Control or PieceKind.UserDefined) is int id and >= 0 ? id : null;
    }

    /// <summary><c>▁</c> to spaces, byte tokens to bytes, and the space that the dummy prefix put before the text away.</summary>
    public static TokenDecoder Decoder(bool byteFallback, bool dummyPrefix)
    {
        List<TokenDecoder> parts = [new ReplaceDecoder(Space, " ")];
        if (byteFallback)
            parts.Add(new IdentityDecoder("ByteFallback"));
        parts.Add(new IdentityDecoder("Fuse"));
        if (dummyPrefix)
            parts.Add(new StripDecoder(new Rune(' '), 1));
        return new SequenceDecoder(parts);
    }

    private static TokenModel Model(SentencePieceProto proto, Piece[] pieces, int unknown, int[] userDefined)
    {
        switch (proto.ModelType)
        {
            case 1:
                return new UnigramModel(pieces, unknown < 0 ? null : unknown, proto.ByteFallback, single: true);
            case 2:
                return new CharacterPairModel([.. pieces.Select(piece => piece.Text)], null, [.. pieces.Select(piece => piece.Score)], new CharacterPairOptions
                {
                    Unknown = unknown < 0 ? null : pieces[unknown].Text,
                    FuseUnknown = true,
                    ByteFallback = proto.ByteFallback,
                    Outside = Enumerable.Range(0, pieces.Length).Where(id => pieces[id].Kind is not (PieceKind.Normal or PieceKind.UserDefined)).ToHashSet(),
                    UserDefined = userDefined,
                });
            default:
                throw new InvalidDataException($"trainer_spec.model_type is {proto.ModelType}; expected 1 (unigram) or 2 (bpe).");
        }
    }
}
