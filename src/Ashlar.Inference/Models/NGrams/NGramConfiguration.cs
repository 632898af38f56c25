using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ashlar.Inference.Models.NGrams;

/// <summary><c>config.json</c> of a folder with an n-gram model: what <see cref="NGramHeader"/> says, for people and other programs.</summary>
public static class NGramConfiguration
{
    /// <summary>The <c>model_type</c>.</summary>
    public const string ModelType = "ngram";

    /// <summary>The file's content.</summary>
    public static JsonObject ToJson(NGramHeader header)
    {
        JsonObject root = new()
        {
            ["model_type"] = ModelType,
            ["vocab_size"] = header.VocabularySize,
            ["order"] = header.Order,
            ["smoothing"] = header.Smoothing.Name(),
        };
        if (header.Smoothing == NGramSmoothing.AddK)
            root["k"] = header.K;
        if (header.Discounts.Count > 0)
            root["discounts"] = new JsonArray([.. header.Discounts.Select(three => new JsonArray([.. three.Select(d => (JsonNode)d)]))]);
        if (header.BeginId >= 0)
            root["bos_token_id"] = header.BeginId;
        if (header.EndId >= 0)
            root["eos_token_id"] = header.EndId;
        return root;
    }

    /// <summary>Vocabulary size and end token of a folder.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    internal static (int VocabularySize, int? EndId) Read(string path)
    {
        try
        {
            JsonObject root = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
            return (root["vocab_size"]?.GetValue<int>() ?? throw new InvalidDataException($"{path}: vocab_size is missing."), root["eos_token_id"]?.GetValue<int>());
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or NullReferenceException)
        {
            throw new InvalidDataException($"{path}: not the configuration of an n-gram model ({error.Message}).", error);
        }
    }
}
