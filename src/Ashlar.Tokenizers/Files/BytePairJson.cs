using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Files;

/// <summary>The BPE model of <c>tokenizer.json</c>: byte-level, over characters, or characters alone.</summary>
internal static class BytePairJson
{
    public static TokenModel Read(JsonObject part, ModelContext context)
    {
        Dictionary<string, int> ids = ModelParts.ReadVocabulary(part);
        string?[] tokens = ModelParts.ById(ids);
        if (part["dropout"] is JsonValue dropout && dropout.GetValue<double>() > 0)
            throw new InvalidDataException($"model.dropout is {dropout.ToJsonString()}; expected null, for encoding is deterministic.");
        List<Merge> merges = ReadMerges(part, ids);
        bool ignoreMerges = part.Flag("ignore_merges", false);
        if (context.ByteLevel)
            return new BytePairModel(tokens, merges, ignoreMerges, context.AddedTokens.Select(token => token.Id).ToHashSet());
        int? unknown = part["unk_token"].Text() is { } name && ids.TryGetValue(name, out int unknownId) ? unknownId : null;
        if (merges.Count == 0 && !ids.ContainsValue(-1) && tokens.All(token => token is not null))
            return new CharacterModel(tokens!, unknown);
        throw new InvalidDataException("the BPE model has merges but no ByteLevel pre-tokenizer; expected a byte-level BPE, or a character vocabulary without merges.");
    }

    public static JsonObject Write(IEnumerable<string?> tokens, string? unknown, bool ignoreMerges, IEnumerable<(string Left, string Right)> merges)
    {
        return new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = unknown,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = ignoreMerges,
            ["vocab"] = ModelParts.WriteVocabulary(tokens),
            ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)new JsonArray(merge.Left, merge.Right))]),
        };
    }

    /// <summary>Merges by token to merges by id.</summary>
    /// <exception cref="InvalidDataException">A part or the whole of a merge is no token.</exception>
    public static Merge Resolve(string left, string right, Dictionary<string, int> ids, string where) =>
        ids.TryGetValue(left, out int l) && ids.TryGetValue(right, out int r) && ids.TryGetValue(left + right, out int result)
            ? new Merge(l, r, result)
            : throw new InvalidDataException($"{where} joins '{left}' and '{right}', but one of them or '{left + right}' is not in the vocabulary.");

    private static List<Merge> ReadMerges(JsonObject part, Dictionary<string, int> ids)
    {
        JsonArray list = part["merges"] as JsonArray ?? [];
        List<Merge> merges = new(list.Count);
        foreach (JsonNode? node in list)
        {
            (string left, string right) = MergeParts(node);
            merges.Add(Resolve(left, right, ids, "model.merges"));
        }

        return merges;
    }

    private static (string Left, string Right) MergeParts(JsonNode? node)
    {
        if (node is JsonArray { Count: 2 } pair && pair[0].Text() is { } left && pair[1].Text() is { } right)
            return (left, right);
        string text = node.Text() ?? "";
        int space = text.IndexOf(' ');
        return space > 0
            ? (text[..space], text[(space + 1)..])
            : throw new InvalidDataException($"model.merges holds '{text}'; expected two tokens.");
    }
}
