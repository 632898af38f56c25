using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Ashlar.Training.Recipes;

/// <summary>Reads recipes strictly: whatever is wrong is one sentence that names the file and the key.</summary>
public static class RecipeFile
{
    internal static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a recipe, applies <c>path=value</c> overrides and checks it.</summary>
    /// <param name="path">The JSON file.</param>
    /// <param name="overrides">Pairs such as <c>training.steps=100</c>; the value is JSON, or a plain string.</param>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="InvalidDataException">Not JSON, an unknown key, a wrong type or an impossible value.</exception>
    public static Recipe Load(string path, IEnumerable<string>? overrides = null)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such recipe; expected a JSON file such as those in recipes/.", path);
        JsonObject root = ReadObject(path);
        foreach (string pair in overrides ?? [])
            Override(root, pair);
        return Read(root, path);
    }

    /// <summary>Turns JSON into a checked recipe; <paramref name="source"/> is the file's name for messages.</summary>
    public static Recipe Read(JsonObject root, string source)
    {
        CheckKeys(root, typeof(Recipe), "", source);
        root = ModelSizes.Fill(root, source);
        Recipe recipe;
        try
        {
            recipe = root.Deserialize<Recipe>(Options)!;
        }
        catch (JsonException error)
        {
            string key = error.Path is { Length: > 2 } at ? at[2..] : "the recipe";
            throw new InvalidDataException($"{source}: {key} is {ValueAt(root, key)}; expected {ExpectedAt(key)}.", error);
        }

        RecipeRules.Check(recipe, source);
        return recipe;
    }

    /// <summary>The recipe as indented JSON, every key written out.</summary>
    public static string Write(Recipe recipe) => JsonSerializer.Serialize(recipe, Options) + "\n";

    /// <summary>A recipe's JSON as it stands, its keys not looked at: a run is drawn whatever keys its recipe had in its time.</summary>
    /// <exception cref="InvalidDataException">Not a JSON object.</exception>
    internal static JsonObject ReadObject(string path)
    {
        try
        {
            JsonNode? node = JsonNode.Parse(File.ReadAllText(path), documentOptions: new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
            });
            return node as JsonObject ?? throw new InvalidDataException($"{path}: expected a JSON object.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: not JSON: {FirstSentence(error)} (line {error.LineNumber + 1}).", error);
        }
    }

    private static void Override(JsonObject root, string pair)
    {
        int equals = pair.IndexOf('=');
        if (equals <= 0)
            throw new InvalidDataException($"--set {pair}: expected path=value, for instance training.steps=100.");
        string[] keys = pair[..equals].Split('.');
        if (pair[..equals] == "model.size")
            ModelSizes.Forget(root); // the size that is asked for now is not to be mixed with the recipe's numbers
        JsonObject at = root;
        foreach (string key in keys[..^1])
        {
            if (at[key] is not JsonObject child)
                at[key] = child = [];
            at = child;
        }

        string text = pair[(equals + 1)..];
        JsonNode? value;
        try
        {
            value = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            value = JsonValue.Create(text); // a bare word is a string
        }

        at[keys[^1]] = value;
    }

    private static void CheckKeys(JsonObject node, Type type, string prefix, string source)
    {
        Dictionary<string, PropertyInfo> known = Properties(type);
        foreach ((string key, JsonNode? value) in node)
        {
            if (!known.TryGetValue(key, out PropertyInfo? property))
            {
                string nearest = known.Keys.MinBy(candidate => EditDistance(candidate, key))!;
                string hint = EditDistance(nearest, key) <= 3
                    ? $"did you mean {prefix}{nearest}?"
                    : $"the keys here are {string.Join(", ", known.Keys)}.";
                throw new InvalidDataException($"{source}: {prefix}{key} is not a key of a recipe; {hint}");
            }

            if (value is null && new NullabilityInfoContext().Create(property).WriteState == NullabilityState.NotNull)
                throw new InvalidDataException($"{source}: {prefix}{key} is null; expected {ExpectedAt(prefix + key)}.");
            if (value is JsonArray list && list.IndexOf(null) is >= 0 and var missing)
                throw new InvalidDataException($"{source}: {prefix}{key}[{missing}] is null; expected a value.");
            if (value is JsonObject child && property.PropertyType.Namespace == type.Namespace)
                CheckKeys(child, property.PropertyType, $"{prefix}{key}.", source);
        }

        foreach ((string key, PropertyInfo property) in known)
        {
            if (property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null && !node.ContainsKey(key))
                throw new InvalidDataException($"{source}: {prefix}{key} is missing and has no default.");
        }
    }

    private static Dictionary<string, PropertyInfo> Properties(Type type) =>
        type.GetProperties().Where(property => property.CanWrite)
            .ToDictionary(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name));

    // "data.train" or "data.train[0]": what stands there, as it was written.
    private static string ValueAt(JsonObject root, string key)
    {
        JsonNode? at = root;
        foreach (string name in key.Split('.'))
            at = at is JsonObject node ? node[name.Split('[')[0]] : null;
        return at?.ToJsonString() ?? "null";
    }

    private static string ExpectedAt(string key)
    {
        Type type = typeof(Recipe);
        foreach (string name in key.Split('.'))
        {
            if (!Properties(type).TryGetValue(name.Split('[')[0], out PropertyInfo? property))
                return "a value of another kind";
            type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        }

        return type switch
        {
            _ when type == typeof(string) => "a text",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ when type == typeof(double) => "a number",
            _ when type.IsEnum => $"one of {string.Join(", ", Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(value => JsonSerializer.Serialize(Enum.ToObject(type, value), type, Options).Trim('"')))}",
            _ when type.IsAssignableTo(typeof(System.Collections.IEnumerable)) => "a list, such as [\"a\", \"b\"]",
            _ => "an object",
        };
    }

    private static string FirstSentence(JsonException error)
    {
        string message = error.Message;
        int cut = message.IndexOf(" Path:", StringComparison.Ordinal);
        return (cut > 0 ? message[..cut] : message).TrimEnd('.');
    }

    // Levenshtein distance, one row at a time.
    private static int EditDistance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substitute = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitute, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
