using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Files;

/// <summary>Reads the <c>model</c> of a <c>tokenizer.json</c>. A model writes itself; to add one, add its class and its line here.</summary>
internal static class ModelParts
{
    private static readonly Dictionary<string, Func<JsonObject, ModelContext, TokenModel>> Models = new()
    {
        ["BPE"] = BytePairJson.Read,
        ["Unigram"] = UnigramJson.Read,
        ["WordLevel"] = WordLevelJson.Read,
        ["WordPiece"] = WordPieceJson.Read,
    };

    public static TokenModel Read(JsonObject part, bool byteLevel, IReadOnlyList<AddedToken> added)
    {
        string type = part["type"].Text() ?? Guess(part) ?? throw new InvalidDataException("model.type is missing.");
        return Models.TryGetValue(type, out Func<JsonObject, ModelContext, TokenModel>? read)
            ? read(part, new ModelContext(byteLevel, added))
            : throw new InvalidDataException($"model.type is {type}; expected {string.Join(", ", Models.Keys.Order(StringComparer.Ordinal))}.");
    }

    // The oldest files do not name their type, but each kind has a key that no other has.
    private static string? Guess(JsonObject part) =>
        part["merges"] is not null ? "BPE"
        : part["vocab"] is JsonArray ? "Unigram"
        : part["max_input_chars_per_word"] is not null ? "WordPiece"
        : null;

    /// <summary>Tokens by id, null where an id is unused.</summary>
    public static string?[] ById(Dictionary<string, int> ids)
    {
        string?[] tokens = new string?[ids.Count == 0 ? 0 : ids.Values.Max() + 1];
        foreach ((string token, int id) in ids)
            tokens[id] = token;
        return tokens;
    }

    /// <summary>Tokens by id as an object from token to id.</summary>
    public static JsonObject WriteVocabulary(IEnumerable<string?> tokens)
    {
        JsonObject vocabulary = [];
        int id = 0;
        foreach (string? token in tokens)
        {
            if (token is not null)
                vocabulary[token] = id;
            id++;
        }

        return vocabulary;
    }

    /// <summary>The vocabulary of a model as an object from token to id, checked.</summary>
    public static Dictionary<string, int> ReadVocabulary(JsonObject part)
    {
        JsonObject vocabulary = part["vocab"] as JsonObject ?? throw new InvalidDataException("model.vocab is missing or not an object.");
        Dictionary<string, int> ids = new(vocabulary.Count);
        foreach ((string token, JsonNode? node) in vocabulary)
        {
            if (node is not JsonValue value || !value.TryGetValue(out int id) || id < 0)
                throw new InvalidDataException($"model.vocab gives '{token}' the id {node?.ToJsonString() ?? "null"}; expected a whole number of 0 or more.");
            ids[token] = id;
        }

        return ids;
    }
}

/// <summary>What a model must know of the rest of the file.</summary>
/// <param name="ByteLevel">Whether the vocabulary is spelled in the byte-level alphabet.</param>
/// <param name="AddedTokens">Tokens outside the model.</param>
internal sealed record ModelContext(bool ByteLevel, IReadOnlyList<AddedToken> AddedTokens)
{
    /// <summary>Ids of special tokens: the model never makes one from text.</summary>
    public HashSet<int> SpecialIds { get; } = [.. AddedTokens.Where(token => token.Special).Select(token => token.Id)];
}
