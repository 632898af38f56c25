using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PostProcessors;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Files;

/// <summary>Hugging Face's <c>tokenizer.json</c>.</summary>
internal static class TokenizerJson
{
    public static Tokenizer Read(JsonObject root, JsonObject? configuration)
    {
        JsonObject modelPart = root["model"] as JsonObject ?? throw new InvalidDataException("model is missing.");
        List<AddedToken> added = ReadAddedTokens(root["added_tokens"]);
        Normalizer? normalizer = root["normalizer"] is JsonObject n ? PipelineParts.ReadNormalizer(n) : null;
        PreTokenizer? preTokenizer = root["pre_tokenizer"] is JsonObject p ? PipelineParts.ReadPreTokenizer(p) : null;
        PostProcessor? postProcessor = root["post_processor"] is JsonObject post ? PipelineParts.ReadPostProcessor(post) : null;
        TokenDecoder decoder = root["decoder"] is JsonObject d ? PipelineParts.ReadDecoder(d) : new SpaceJoinDecoder();
        bool byteLevel = Mentions(root["pre_tokenizer"], "ByteLevel") || Mentions(root["normalizer"], "ByteLevel");
        TokenModel model = ModelParts.Read(modelPart, byteLevel, added);
        return new Tokenizer(new TokenizerPipeline
        {
            Model = model,
            Normalizer = normalizer,
            PreTokenizer = preTokenizer,
            PostProcessor = postProcessor,
            Decoder = decoder,
            AddedTokens = added,
            SpecialTokens = TokenizerConfigurationJson.ReadSpecialTokens(configuration, added, model, modelPart["unk_token"].Text()),
            ChatTemplate = TokenizerConfigurationJson.ReadChatTemplate(configuration),
        });
    }

    public static JsonObject Write(Tokenizer tokenizer)
    {
        TokenizerPipeline pipeline = tokenizer.Pipeline;
        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. AddedTokens(tokenizer).Select(WriteAddedToken)]),
            ["normalizer"] = pipeline.Normalizer?.Write(),
            ["pre_tokenizer"] = pipeline.PreTokenizer?.Write(),
            ["post_processor"] = pipeline.PostProcessor?.Write(),
            ["decoder"] = pipeline.Decoder.Write(),
            ["model"] = pipeline.Model.Write(),
        };
    }

    private static List<AddedToken> ReadAddedTokens(JsonNode? node)
    {
        List<AddedToken> added = [];
        foreach (JsonNode? item in node as JsonArray ?? [])
        {
            JsonObject token = item as JsonObject ?? throw new InvalidDataException("added_tokens holds something that is not an object.");
            int id = token.Integer("id") ?? throw new InvalidDataException("added_tokens holds a token without an id.");
            if (id < 0)
                throw new InvalidDataException($"added_tokens holds the id {id}; expected 0 or more.");
            bool special = token.Flag("special", false);
            added.Add(new AddedToken(id, token.RequireText("content", "added_tokens"), special)
            {
                LeftStrip = token.Flag("lstrip", false),
                RightStrip = token.Flag("rstrip", false),
                SingleWord = token.Flag("single_word", false),
                Normalized = token.Flag("normalized", !special),
            });
        }

        return added;
    }

    // Symbols that the model finds by itself are added tokens elsewhere.
    private static IEnumerable<AddedToken> AddedTokens(Tokenizer tokenizer) => tokenizer.AddedTokens
        .Concat(tokenizer.Pipeline.Model.UserDefined.Select(id => new AddedToken(id, tokenizer.IdToToken(id), false) { Normalized = false }))
        .OrderBy(token => token.Id);

    private static JsonNode WriteAddedToken(AddedToken token) => new JsonObject
    {
        ["id"] = token.Id,
        ["content"] = token.Content,
        ["single_word"] = token.SingleWord,
        ["lstrip"] = token.LeftStrip,
        ["rstrip"] = token.RightStrip,
        ["normalized"] = token.Normalized,
        ["special"] = token.Special,
    };

    // Whether a part, or a step of a Sequence, has this type.
    private static bool Mentions(JsonNode? part, string type) =>
        part.Text("type") == type
        || (part as JsonObject)?.Any(pair => pair.Value is JsonArray steps && steps.Any(step => Mentions(step, type))) == true;
}
