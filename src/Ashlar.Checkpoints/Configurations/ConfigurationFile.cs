using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>A <c>config.json</c> and its values; what is wrong is one sentence that names the file and the key.</summary>
internal static class ConfigurationFile
{
    /// <summary>Reads a JSON object and gives it to <paramref name="read"/>, whose complaints get the file's name.</summary>
    public static T Load<T>(string path, Func<JsonObject, T> read)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected a Hugging Face config.json.", path);
        JsonObject root;
        try
        {
            root = JsonNode.Parse(File.ReadAllBytes(path))?.AsObject()
                ?? throw new InvalidDataException($"{path}: expected a JSON object, found null.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: not a JSON object ({error.Message}).", error);
        }

        try
        {
            return read(root);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    public static int Integer(JsonObject root, params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (Number(root, key) is { } value)
            {
                return value == Math.Floor(value) && Math.Abs(value) <= int.MaxValue
                    ? (int)value
                    : throw new InvalidDataException($"{key} is {value}; expected a whole number.");
            }
        }

        throw new InvalidDataException($"{keys[0]} is missing; expected a whole number.");
    }

    public static double? Number(JsonObject root, string key) =>
        root[key] switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out double number) => number,
            JsonValue value when value.TryGetValue(out int number) => number,
            JsonNode node => throw new InvalidDataException($"{key} is {node.ToJsonString()}; expected a number."),
        };

    public static bool? Flag(JsonObject root, string key) =>
        root[key] switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out bool flag) => flag,
            JsonNode node => throw new InvalidDataException($"{key} is {node.ToJsonString()}; expected true or false."),
        };

    public static string? Text(JsonObject root, string key) =>
        root[key] switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out string? text) => text,
            JsonNode node => throw new InvalidDataException($"{key} is {node.ToJsonString()}; expected a string."),
        };

    public static IReadOnlyList<int> Integers(JsonObject root, string key) =>
        root[key] switch
        {
            null => [],
            JsonArray array => [.. array.Select(node => node!.GetValue<int>())],
            _ => [Integer(root, key)],
        };

    /// <summary>Ids as the format has them: null for none, a number for one, else an array.</summary>
    public static JsonNode? IdsToJson(IReadOnlyList<int> ids) => ids.Count switch
    {
        0 => null,
        1 => ids[0],
        _ => new JsonArray([.. ids.Select(id => (JsonNode)id)]),
    };
}
