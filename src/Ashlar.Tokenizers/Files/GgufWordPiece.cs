using Ashlar.Shared.Gguf;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;

namespace Ashlar.Tokenizers.Files;

/// <summary>
/// A WordPiece vocabulary in a GGUF file (<c>tokenizer.ggml.model</c> is bert). There a token that begins a word has a <c>▁</c>
/// and one that continues it has nothing; here it is BERT's own spelling again.
/// </summary>
internal static class GgufWordPiece
{
    public static Tokenizer Read(GgufHeader header)
    {
        Piece[] pieces = GgufPieces.Read(header, requireScores: false);
        string[] tokens = [.. pieces.Select(piece => Spell(piece))];
        string[] control = [.. Enumerable.Range(0, pieces.Length).Where(id => pieces[id].Kind is PieceKind.Control or PieceKind.Unknown).Select(id => tokens[id])];
        return BertVocabulary.Build(tokens, new BertNormalizer(true, true, null, lowercase: !BertVocabulary.IsCased(tokens)), control);
    }

    private static string Spell(Piece piece) =>
        piece.Text.StartsWith('\u2581') ? piece.Text[1..]
        : piece.Kind != PieceKind.Normal || (piece.Text.StartsWith('[') && piece.Text.EndsWith(']') && piece.Text.Length > 2) ? piece.Text
        : "##" + piece.Text;
}
