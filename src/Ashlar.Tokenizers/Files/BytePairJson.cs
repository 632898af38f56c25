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
        List<Merge> merges = ReadMerges(part, ids, part["continuing_subword_prefix"].Text() ?? "");
        bool ignoreMerges = part.Flag("ignore_merges", false);
        string? prefix = Affix("continuing_subword_prefix");
        string? suffix = Affix("end_of_word_suffix");
        if (context.ByteLevel)
        {
            return prefix is null && suffix is null
                ? new BytePairModel(tokens, merges, ignoreMerges, context.AddedTokens.Select(token => token.Id).ToHashSet())
                : throw new InvalidDataException("model.continuing_subword_prefix or model.end_of_word_suffix is set; expected neither with a ByteLevel pre-tokenizer.");
        }

        string? unknown = part["unk_token"].Text();
        bool byteFallback = part.Flag("byte_fallback", false);
        if (merges.Count == 0 && !byteFallback && prefix is null && suffix is null && tokens.All(token => token is not null))
            return new CharacterModel(tokens!, unknown is not null && ids.TryGetValue(unknown, out int id) ? id : null);
        return new CharacterPairModel(tokens, merges, null, new CharacterPairOptions
        {
            Unknown = unknown,
            FuseUnknown = part.Flag("fuse_unk", false),
            ByteFallback = byteFallback,
            Prefix = prefix,
            Suffix = suffix,
            IgnoreMerges = ignoreMerges,
            Outside = context.SpecialIds,
        });

        string? Affix(string key) => part[key].Text() is { Length: > 0 } affix ? affix : null;
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
    public static Merge Resolve(string left, string right, Dictionary<string, int> ids, string where, string prefix = "")
    {
        // The mark of a continuing part does not go into the middle of a token.
        string whole = left + (prefix.Length > 0 && right.StartsWith(prefix, StringComparison.Ordinal) ? right[prefix.Length..] : right);
        return ids.TryGetValue(left, out int l) && ids.TryGetValue(right, out int r) && ids.TryGetValue(whole, out int result)
            ? new Merge(l, r, result)
            : throw new InvalidDataException($"{where} joins '{left}' and '{right}', but one of them or '{whole}' is not in the vocabulary.");
    }

    private static List<Merge> ReadMerges(JsonObject part, Dictionary<string, int> ids, string prefix)
    {
        JsonArray list = part["merges"] as JsonArray ?? [];
        List<Merge> merges = new(list.Count);
        foreach (JsonNode? node in list)
        {
            (string left, string right) = MergeParts(node);
            merges.Add(Resolve(left, right, ids, "model.merges", prefix));
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
