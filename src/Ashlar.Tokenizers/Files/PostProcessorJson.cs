using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PostProcessors;

namespace Ashlar.Tokenizers.Files;

/// <summary>Post-processors of <c>tokenizer.json</c>; BERT's and RoBERTa's are templates too.</summary>
internal static class PostProcessorJson
{
    public static PostProcessor ReadTemplate(JsonObject part)
    {
        Dictionary<string, int[]> tokens = [];
        foreach ((string name, JsonNode? node) in part["special_tokens"] as JsonObject ?? [])
        {
            tokens[name] = node?["ids"] is JsonArray ids
                ? [.. ids.Select(id => (int)id!)]
                : throw new InvalidDataException($"post_processor.special_tokens['{name}'] has no ids.");
        }

        return new TemplatePostProcessor(Places(part, "single", tokens), Places(part, "pair", tokens), tokens);
    }

    public static PostProcessor ReadPair(JsonObject part, bool doubled)
    {
        (string sep, int sepId) = Token(part, "sep");
        (string cls, int clsId) = Token(part, "cls");
        return Pair(cls, clsId, sep, sepId, doubled);
    }

    /// <summary><c>cls A sep</c> and <c>cls A sep B sep</c>, with the separator in the middle doubled for RoBERTa.</summary>
    public static TemplatePostProcessor Pair(string cls, int clsId, string sep, int sepId, bool doubled)
    {
        TemplatePlace begin = new(cls, false, 0);
        TemplatePlace end = new(sep, false, 0);
        int second = doubled ? 0 : 1;
        TemplatePlace b = new(null, true, second);
        TemplatePlace last = new(sep, false, second);
        TemplatePlace[] pair = doubled
            ? [begin, TemplatePlace.A, end, end, b, last]
            : [begin, TemplatePlace.A, end, b, last];
        return new TemplatePostProcessor([begin, TemplatePlace.A, end], pair, new Dictionary<string, int[]> { [cls] = [clsId], [sep] = [sepId] });
    }

    private static TemplatePlace[] Places(JsonObject part, string key, Dictionary<string, int[]> tokens)
    {
        return [.. (part[key] as JsonArray ?? throw new InvalidDataException($"post_processor.{key} is missing.")).Select(Place)];

        TemplatePlace Place(JsonNode? node)
        {
            if (node?["SpecialToken"] is JsonObject special)
            {
                string name = special.RequireText("id", "SpecialToken");
                if (!tokens.ContainsKey(name))
                    throw new InvalidDataException($"post_processor.{key} names '{name}', which is not in its special_tokens.");
                return new TemplatePlace(name, false, special.Integer("type_id") ?? 0);
            }

            return node?["Sequence"] is JsonObject sequence && sequence["id"].Text() is "A" or "B"
                ? new TemplatePlace(null, node["Sequence"].Text("id") == "B", ((JsonObject)node["Sequence"]!).Integer("type_id") ?? 0)
                : throw new InvalidDataException($"post_processor.{key} holds {node?.ToJsonString() ?? "null"}; expected a SpecialToken, or the Sequence A or B.");
        }
    }

    private static (string, int) Token(JsonObject part, string key) =>
        part[key] is JsonArray { Count: 2 } pair && pair[0].Text() is { } text && pair[1] is JsonValue value && value.TryGetValue(out int id)
            ? (text, id)
            : throw new InvalidDataException($"post_processor.{key} is not a token and its id.");
}
