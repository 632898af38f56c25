using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Files;

/// <summary>Hugging Face's <c>tokenizer.json</c> and <c>tokenizer_config.json</c>.</summary>
internal static class TokenizerJson
{
    public static Tokenizer Read(JsonObject root, JsonObject? configuration)
    {
        JsonObject model = root["model"] as JsonObject ?? throw new InvalidDataException("model is missing.");
        string type = Text(model["type"]) ?? (model["merges"] is not null ? "BPE" : "(none)");
        if (type != "BPE")
            throw new InvalidDataException($"model.type is {type}; expected BPE.");

        List<AddedToken> added = [];
        foreach (JsonNode? node in root["added_tokens"] as JsonArray ?? [])
        {
            JsonObject token = node as JsonObject ?? throw new InvalidDataException("added_tokens holds something that is not an object.");
            added.Add(new AddedToken((int)token["id"]!, Text(token["content"]) ?? "", (bool?)token["special"] ?? false));
        }

        (bool byteLevel, PreTokenizer preTokenizer) = ReadPreTokenizer(root["pre_tokenizer"]);
        TokenModel bpe = byteLevel ? ReadBytePairs(model, added) : ReadCharacters(model);
        return new Tokenizer(
            bpe,
            preTokenizer,
            added,
            ReadSpecial(added, bpe, model, configuration),
            ReadNormalizer(root["normalizer"]),
            ReadTemplate(configuration));
    }

    private static NormalizationForm? ReadNormalizer(JsonNode? node) => Text(node?["type"]) switch
    {
        null => null,
        "NFC" => NormalizationForm.FormC,
        "NFD" => NormalizationForm.FormD,
        "NFKC" => NormalizationForm.FormKC,
        "NFKD" => NormalizationForm.FormKD,
        "Sequence" when node!["normalizers"] is JsonArray { Count: 0 } => null,
        "Sequence" when node!["normalizers"] is JsonArray { Count: 1 } only => ReadNormalizer(only[0]),
        string other => throw new InvalidDataException($"normalizer.type is {other}; expected NFC, NFD, NFKC or NFKD."),
    };

    private static (bool ByteLevel, PreTokenizer PreTokenizer) ReadPreTokenizer(JsonNode? node)
    {
        switch (Text(node?["type"]))
        {
            case null:
                return (false, new WholeText());
            case "ByteLevel":
                RefusePrefixSpace(node!);
                return (true, (bool?)node!["use_regex"] ?? true ? new Gpt2PreTokenizer() : new WholeText());
            case "Split":
                return (false, ReadSplit(node!));
            case "Sequence":
                bool byteLevel = false;
                PreTokenizer? cut = null;
                foreach (JsonNode? part in node!["pretokenizers"] as JsonArray ?? [])
                {
                    (bool isByteLevel, PreTokenizer inner) = ReadPreTokenizer(part);
                    byteLevel |= isByteLevel;
                    if (inner is WholeText)
                        continue;
                    cut = cut is null ? inner : throw new InvalidDataException("pre_tokenizer cuts the text more than once in sequence; expected one Split and one ByteLevel.");
                }

                return (byteLevel, cut ?? new WholeText());
            case string other:
                throw new InvalidDataException($"pre_tokenizer.type is {other}; expected ByteLevel, Split or Sequence.");
        }
    }

    private static void RefusePrefixSpace(JsonNode node)
    {
        if ((bool?)node["add_prefix_space"] == true)
            throw new InvalidDataException("pre_tokenizer.add_prefix_space is true; expected false.");
    }

    private static PreTokenizer ReadSplit(JsonNode node)
    {
        string pattern = Text(node["pattern"]?["Regex"]) ?? throw new InvalidDataException("pre_tokenizer.pattern has no Regex.");
        string behavior = Text(node["behavior"]) ?? "Isolated";
        if (behavior != "Isolated" || (bool?)node["invert"] == true)
            throw new InvalidDataException($"pre_tokenizer.behavior is {behavior}; expected Isolated, not inverted.");
        return RegexPreTokenizer.For(pattern);
    }

    private static BytePairModel ReadBytePairs(JsonObject model, List<AddedToken> added)
    {
        JsonObject vocabulary = model["vocab"] as JsonObject ?? throw new InvalidDataException("model.vocab is missing.");
        Dictionary<string, int> ids = new(vocabulary.Count);
        foreach ((string token, JsonNode? id) in vocabulary)
            ids[token] = (int)id!;
        HashSet<string> outside = [.. added.Select(token => token.Content)];
        byte[]?[] tokens = new byte[ids.Count == 0 ? 0 : ids.Values.Max() + 1][];
        foreach ((string token, int id) in ids)
        {
            if (id < 0)
                throw new InvalidDataException($"model.vocab gives '{token}' the id {id}.");
            tokens[id] = ByteLevelAlphabet.Read(token)
                ?? (outside.Contains(token) ? null : throw new InvalidDataException($"model.vocab holds '{token}', which is not spelled in the byte-level alphabet."));
        }

        List<Merge> merges = [];
        foreach (JsonNode? node in model["merges"] as JsonArray ?? [])
        {
            (string left, string right) = MergeParts(node);
            if (!ids.TryGetValue(left, out int l) || !ids.TryGetValue(right, out int r) || !ids.TryGetValue(left + right, out int result))
                throw new InvalidDataException($"model.merges joins '{left}' and '{right}', but one of them or '{left + right}' is not in model.vocab.");
            merges.Add(new Merge(l, r, result));
        }

        return new BytePairModel(tokens, merges, (bool?)model["ignore_merges"] ?? false);
    }

    private static (string Left, string Right) MergeParts(JsonNode? node)
    {
        if (node is JsonArray { Count: 2 } pair)
            return (Text(pair[0])!, Text(pair[1])!);
        string text = Text(node) ?? "";
        int space = text.IndexOf(' ');
        return space > 0
            ? (text[..space], text[(space + 1)..])
            : throw new InvalidDataException($"model.merges holds '{text}'; expected two tokens.");
    }

    private static CharacterModel ReadCharacters(JsonObject model)
    {
        if (model["merges"] is JsonArray { Count: > 0 })
            throw new InvalidDataException("the BPE model has merges but no ByteLevel pre-tokenizer; expected a byte-level BPE, or a character vocabulary without merges.");
        JsonObject vocabulary = model["vocab"] as JsonObject ?? throw new InvalidDataException("model.vocab is missing.");
        string[] tokens = new string[vocabulary.Count];
        foreach ((string token, JsonNode? id) in vocabulary)
        {
            int at = (int)id!;
            if ((uint)at >= (uint)tokens.Length || tokens[at] is not null)
                throw new InvalidDataException($"model.vocab gives '{token}' the id {at}; expected each id from 0 to {tokens.Length - 1} once.");
            tokens[at] = token;
        }

        int? unknown = Text(model["unk_token"]) is { } text && vocabulary[text] is { } unknownId ? (int)unknownId : null;
        return new CharacterModel(tokens, unknown);
    }

    private static SpecialTokens ReadSpecial(List<AddedToken> added, TokenModel bpe, JsonObject model, JsonObject? configuration)
    {
        return new SpecialTokens(
            Id(configuration?["bos_token"]),
            Id(configuration?["eos_token"]) ?? added.Find(token => token is { Special: true, Content: "<|endoftext|>" })?.Id,
            Id(configuration?["pad_token"]),
            Id(model["unk_token"]));

        int? Id(JsonNode? node)
        {
            string? content = node is JsonObject token ? Text(token["content"]) : Text(node);
            return content is null ? null : added.Find(token => token.Content == content)?.Id ?? bpe.Id(content);
        }
    }

    private static string? ReadTemplate(JsonObject? configuration) => configuration?["chat_template"] switch
    {
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonArray list => list.Select(item => Text(item?["template"])).FirstOrDefault(),
        _ => null,
    };

    public static JsonObject Write(Tokenizer tokenizer) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray([.. tokenizer.AddedTokens.Select(token => (JsonNode)new JsonObject
        {
            ["id"] = token.Id,
            ["content"] = token.Content,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = token.Special,
        })]),
        ["normalizer"] = tokenizer.Normalization switch
        {
            null => null,
            NormalizationForm.FormC => new JsonObject { ["type"] = "NFC" },
            NormalizationForm.FormD => new JsonObject { ["type"] = "NFD" },
            NormalizationForm.FormKC => new JsonObject { ["type"] = "NFKC" },
            _ => new JsonObject { ["type"] = "NFKD" },
        },
        ["pre_tokenizer"] = WritePreTokenizer(tokenizer),
        ["post_processor"] = null,
        ["decoder"] = new JsonObject { ["type"] = tokenizer.Model is BytePairModel ? "ByteLevel" : "Fuse" },
        ["model"] = tokenizer.Model is BytePairModel pairs ? WriteBytePairs(pairs) : WriteCharacters((CharacterModel)tokenizer.Model),
    };

    private static JsonObject? WritePreTokenizer(Tokenizer tokenizer)
    {
        if (tokenizer.Model is not BytePairModel)
            return null;
        JsonObject byteLevel = new()
        {
            ["type"] = "ByteLevel",
            ["add_prefix_space"] = false,
            ["trim_offsets"] = true,
            ["use_regex"] = tokenizer.PreTokenizer is Gpt2PreTokenizer,
        };
        if (tokenizer.PreTokenizer is Gpt2PreTokenizer or WholeText)
            return byteLevel;
        JsonObject split = new()
        {
            ["type"] = "Split",
            ["pattern"] = new JsonObject { ["Regex"] = tokenizer.PreTokenizer.Pattern },
            ["behavior"] = "Isolated",
            ["invert"] = false,
        };
        return new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(split, byteLevel) };
    }

    private static JsonObject WriteBytePairs(BytePairModel model)
    {
        JsonObject vocabulary = [];
        for (int id = 0; id < model.VocabularySize; id++)
        {
            if (model.Token(id) is { } token)
                vocabulary[token] = id;
        }

        return new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = model.IgnoresMerges,
            ["vocab"] = vocabulary,
            ["merges"] = new JsonArray([.. model.Merges.Select(merge => (JsonNode)new JsonArray(model.Token(merge.Left), model.Token(merge.Right)))]),
        };
    }

    private static JsonObject WriteCharacters(CharacterModel model)
    {
        JsonObject vocabulary = [];
        for (int id = 0; id < model.VocabularySize; id++)
            vocabulary[model.Token(id)!] = id;
        return new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = model.Unknown is { } unknown ? model.Token(unknown) : null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["vocab"] = vocabulary,
            ["merges"] = new JsonArray(),
        };
    }

    public static JsonObject WriteConfiguration(Tokenizer tokenizer)
    {
        JsonObject root = new() { ["tokenizer_class"] = "PreTrainedTokenizerFast", ["clean_up_tokenization_spaces"] = false };
        Put("bos_token", tokenizer.SpecialTokens.BeginOfText);
        Put("eos_token", tokenizer.SpecialTokens.EndOfText);
        Put("pad_token", tokenizer.SpecialTokens.Padding);
        Put("unk_token", tokenizer.SpecialTokens.Unknown);
        if (tokenizer.ChatTemplate is { } template)
            root["chat_template"] = template;
        return root;

        void Put(string key, int? id)
        {
            if (id is { } value)
                root[key] = tokenizer.IdToToken(value);
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
