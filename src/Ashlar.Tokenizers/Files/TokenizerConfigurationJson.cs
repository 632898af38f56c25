using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Models;

namespace Ashlar.Tokenizers.Files;

/// <summary>Hugging Face's <c>tokenizer_config.json</c>: which tokens have which role, and the chat template.</summary>
internal static class TokenizerConfigurationJson
{
    public static SpecialTokens ReadSpecialTokens(JsonObject? configuration, List<AddedToken> added, TokenModel model, string? unknown)
    {
        return new SpecialTokens(
            Id(configuration?["bos_token"]),
            Id(configuration?["eos_token"]) ?? added.Find(token => token is { Special: true, Content: "<|endoftext|>" })?.Id,
            Id(configuration?["pad_token"]),
            unknown is null ? Id(configuration?["unk_token"]) : Find(unknown))
        {
            Mask = Id(configuration?["mask_token"]),
            Classification = Id(configuration?["cls_token"]),
            Separator = Id(configuration?["sep_token"]),
        };

        int? Id(JsonNode? node) => (node.Text("content") ?? node.Text()) is { } content ? Find(content) : null;

        int? Find(string content) => added.Find(token => token.Content == content)?.Id ?? model.Id(content);
    }

    public static string? ReadChatTemplate(JsonObject? configuration) => configuration?["chat_template"] switch
    {
        JsonValue value => value.Text(),
        // Several named templates: the one called default, else the first.
        JsonArray list => (list.FirstOrDefault(item => item.Text("name") == "default") ?? list.FirstOrDefault()).Text("template"),
        _ => null,
    };

    public static JsonObject Write(Tokenizer tokenizer)
    {
        JsonObject root = new() { ["tokenizer_class"] = "PreTrainedTokenizerFast", ["clean_up_tokenization_spaces"] = false };
        SpecialTokens special = tokenizer.SpecialTokens;
        Put("bos_token", special.BeginOfText);
        Put("eos_token", special.EndOfText);
        Put("pad_token", special.Padding);
        Put("unk_token", special.Unknown);
        Put("mask_token", special.Mask);
        Put("cls_token", special.Classification);
        Put("sep_token", special.Separator);
        if (tokenizer.ChatTemplate is { } template)
            root["chat_template"] = template;
        return root;

        void Put(string key, int? id)
        {
            if (id is { } value)
                root[key] = tokenizer.IdToToken(value);
        }
    }
}
