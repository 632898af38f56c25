using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PostProcessors;

/// <summary>A place in a template: a special token, or one of the texts.</summary>
/// <param name="Token">The special token as it is spelled, or null for a text.</param>
/// <param name="Second">Whether the text is the second of a pair.</param>
/// <param name="Type">Segment of what stands here.</param>
public readonly record struct TemplatePlace(string? Token, bool Second, int Type)
{
    /// <summary>The first text, segment 0.</summary>
    public static TemplatePlace A { get; } = new(null, false, 0);

    /// <summary>The second text, segment 1.</summary>
    public static TemplatePlace B { get; } = new(null, true, 1);
}

/// <summary>Special tokens and texts in a fixed order, for one text and for a pair (<c>[CLS] A [SEP] B [SEP]</c>).</summary>
/// <param name="single">Order for one text.</param>
/// <param name="pair">Order for two texts.</param>
/// <param name="tokens">Ids of the special tokens by their spelling.</param>
public sealed class TemplatePostProcessor(IReadOnlyList<TemplatePlace> single, IReadOnlyList<TemplatePlace> pair, IReadOnlyDictionary<string, int[]> tokens)
    : PostProcessor
{
    /// <summary>A token before each text, after each text, or both; null when there is neither.</summary>
    internal static TemplatePostProcessor? Around((string Token, int Id)? begin, (string Token, int Id)? end)
    {
        if (begin is null && end is null)
            return null;
        Dictionary<string, int[]> ids = [];
        foreach ((string token, int id) in new[] { begin, end }.OfType<(string, int)>())
            ids[token] = [id];
        TemplatePlace[] first = Place(TemplatePlace.A);
        return new TemplatePostProcessor(first, [.. first, .. Place(TemplatePlace.B)], ids);

        TemplatePlace[] Place(TemplatePlace text) =>
        [
            .. begin is { } b ? [new TemplatePlace(b.Token, false, text.Type)] : Array.Empty<TemplatePlace>(),
            text,
            .. end is { } e ? [new TemplatePlace(e.Token, false, text.Type)] : Array.Empty<TemplatePlace>(),
        ];
    }

    internal override TypedIds Process(TypedIds first, TypedIds? second)
    {
        List<int> ids = [];
        List<int> types = [];
        foreach (TemplatePlace place in second is null ? single : pair)
        {
            IReadOnlyList<int> here = place.Token is { } token ? tokens[token] : (place.Second ? second! : first).Ids;
            ids.AddRange(here);
            types.AddRange(Enumerable.Repeat(place.Type, here.Count));
        }

        return new TypedIds(ids, types);
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "TemplateProcessing",
        ["single"] = new JsonArray([.. single.Select(Write)]),
        ["pair"] = new JsonArray([.. pair.Select(Write)]),
        ["special_tokens"] = new JsonObject(tokens.OrderBy(token => token.Key, StringComparer.Ordinal).Select(token => KeyValuePair.Create(
            token.Key,
            (JsonNode?)new JsonObject
            {
                ["id"] = token.Key,
                ["ids"] = new JsonArray([.. token.Value.Select(id => (JsonNode)id)]),
                ["tokens"] = new JsonArray([.. token.Value.Select(_ => (JsonNode)token.Key)]),
            }))),
    };

    private static JsonNode Write(TemplatePlace place) => new JsonObject
    {
        [place.Token is null ? "Sequence" : "SpecialToken"] = new JsonObject
        {
            ["id"] = place.Token ?? (place.Second ? "B" : "A"),
            ["type_id"] = place.Type,
        },
    };
}
