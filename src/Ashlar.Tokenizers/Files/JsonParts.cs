using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Files;

/// <summary>Values of a JSON object, each with one sentence when it is not what it should be.</summary>
internal static class JsonParts
{
    /// <summary>A string, or null where it is absent or something else.</summary>
    public static string? Text(this JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>A string in an object, or null.</summary>
    public static string? Text(this JsonNode? node, string key) => (node as JsonObject)?[key].Text();

    public static string RequireText(this JsonObject part, string key, string role) =>
        part[key].Text() ?? throw new InvalidDataException($"{role}.{key} is missing or not a string.");

    /// <summary>true or false, or the value that Hugging Face takes when it is absent.</summary>
    public static bool Flag(this JsonObject part, string key, bool otherwise) => part[key] switch
    {
        null => otherwise,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        JsonNode other => throw new InvalidDataException($"{key} is {other.ToJsonString()}; expected true or false."),
    };

    public static int? Integer(this JsonObject part, string key) => part[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out int number) => number,
        JsonNode other => throw new InvalidDataException($"{key} is {other.ToJsonString()}; expected a whole number."),
    };

    public static int RequireInteger(this JsonObject part, string key) =>
        part.Integer(key) ?? throw new InvalidDataException($"{key} is missing.");

    /// <summary>A split behaviour by its name.</summary>
    public static SplitBehavior Behavior(this JsonObject part, string otherwise)
    {
        string name = part["behavior"].Text() ?? otherwise;
        return Enum.TryParse(name, out SplitBehavior behavior) && Enum.IsDefined(behavior)
            ? behavior
            : throw new InvalidDataException($"behavior is {name}; expected {string.Join(", ", Enum.GetNames<SplitBehavior>())}.");
    }
}
