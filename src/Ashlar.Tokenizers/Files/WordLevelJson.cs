using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Files;

/// <summary>The WordLevel model of <c>tokenizer.json</c>.</summary>
internal static class WordLevelJson
{
    public static TokenModel Read(JsonObject part, ModelContext context)
    {
        Dictionary<string, int> ids = ModelParts.ReadVocabulary(part);
        // Hugging Face always writes unk_token; a vocabulary that does not hold it refuses unknown words.
        string? unknown = part["unk_token"].Text() is { } name && ids.ContainsKey(name) ? name : null;
        return new WordLevelModel(ModelParts.ById(ids), unknown, context.SpecialIds);
    }
}
