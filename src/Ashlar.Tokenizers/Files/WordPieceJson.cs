using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Files;

/// <summary>The WordPiece model of <c>tokenizer.json</c>.</summary>
internal static class WordPieceJson
{
    public static TokenModel Read(JsonObject part, ModelContext context)
    {
        int longest = part.Integer("max_input_chars_per_word") ?? 100;
        if (longest < 1)
            throw new InvalidDataException($"model.max_input_chars_per_word is {longest}; expected 1 or more.");
        return new WordPieceModel(
            ModelParts.ById(ModelParts.ReadVocabulary(part)),
            part["unk_token"].Text() ?? "[UNK]",
            part["continuing_subword_prefix"].Text() ?? "##",
            longest,
            context.SpecialIds);
    }
}
