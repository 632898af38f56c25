using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Files;

/// <summary>The Unigram model of <c>tokenizer.json</c>: a list of tokens with their scores.</summary>
internal static class UnigramJson
{
    public static TokenModel Read(JsonObject part, ModelContext context)
    {
        JsonArray list = part["vocab"] as JsonArray ?? throw new InvalidDataException("model.vocab is missing or not a list of tokens with scores.");
        int? unknown = part.Integer("unk_id");
        if (unknown is { } id && (id < 0 || id >= list.Count))
            throw new InvalidDataException($"model.unk_id is {id}; expected an id below {list.Count}.");
        bool byteFallback = part.Flag("byte_fallback", false);
        Piece[] pieces = new Piece[list.Count];
        for (int i = 0; i < pieces.Length; i++)
        {
            if (list[i] is not JsonArray { Count: 2 } pair || pair[0].Text() is not { } text || pair[1] is not JsonValue value || !value.TryGetValue(out double score))
                throw new InvalidDataException($"model.vocab holds {list[i]?.ToJsonString() ?? "null"}; expected a token and its score.");
            PieceKind kind = i == unknown ? PieceKind.Unknown
                : context.SpecialIds.Contains(i) ? PieceKind.Control
                : byteFallback && ByteTokens.TryRead(text, out _) ? PieceKind.Byte
                : PieceKind.Normal;
            pieces[i] = new Piece(text, score, kind);
        }

        return new UnigramModel(pieces, unknown, byteFallback, single: false);
    }
}
