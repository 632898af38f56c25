using Ashlar.Shared.Gguf;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PostProcessors;

namespace Ashlar.Tokenizers.Files;

/// <summary>The arrays of a GGUF file that every kind of vocabulary has: tokens, scores, types; and the tokens around a text.</summary>
internal static class GgufPieces
{
    /// <summary>Tokens with scores and kinds.</summary>
    public static Piece[] Read(GgufHeader header, bool requireScores)
    {
        string[] tokens = header.RequireArray<string>("tokenizer.ggml.tokens");
        float[]? scores = requireScores || header.Metadata.ContainsKey("tokenizer.ggml.scores") ? header.RequireArray<float>("tokenizer.ggml.scores") : null;
        int[]? types = header.FindIntegers("tokenizer.ggml.token_type");
        Check("scores", scores?.Length);
        Check("token_type", types?.Length);
        Piece[] pieces = new Piece[tokens.Length];
        for (int id = 0; id < tokens.Length; id++)
        {
            PieceKind kind = types is null ? PieceKind.Normal : (PieceKind)types[id];
            pieces[id] = new Piece(tokens[id], scores?[id] ?? 0, kind is >= PieceKind.Normal and <= PieceKind.Byte ? kind : PieceKind.Normal);
        }

        return pieces;

        void Check(string key, int? length)
        {
            if (length is { } found && found != tokens.Length)
                throw new InvalidDataException($"tokenizer.ggml.{key} has {found} entries; expected {tokens.Length}, one a token.");
        }
    }

    /// <summary>Control tokens, found only when asked, and symbols that the user defined, always found; both in the text as it is.</summary>
    /// <param name="pieces">The vocabulary.</param>
    /// <param name="rightStrip">Whether white space after a control token belongs to it, by its id.</param>
    public static AddedToken[] Added(Piece[] pieces, Func<int, bool>? rightStrip = null) =>
    [
        .. Enumerable.Range(0, pieces.Length)
            .Where(id => pieces[id].Kind is PieceKind.Control or PieceKind.UserDefined or PieceKind.Unknown && pieces[id].Text.Length > 0)
            .Select(id => new AddedToken(id, pieces[id].Text, pieces[id].Kind != PieceKind.UserDefined) { Normalized = false, RightStrip = rightStrip?.Invoke(id) ?? false }),
    ];

    /// <summary>Begin- and end-of-text where the file, or failing that its kind, asks for them.</summary>
    public static TemplatePostProcessor? Around(GgufHeader header, Piece[] pieces, SpecialTokens special, bool beginByDefault, bool endByDefault)
    {
        bool begin = header.FindBoolean("tokenizer.ggml.add_bos_token") ?? beginByDefault;
        bool end = header.FindBoolean("tokenizer.ggml.add_eos_token") ?? endByDefault;
        return TemplatePostProcessor.Around(
            begin && special.BeginOfText is { } bos ? (pieces[bos].Text, bos) : null,
            end && special.EndOfText is { } eos ? (pieces[eos].Text, eos) : null);
    }
}
