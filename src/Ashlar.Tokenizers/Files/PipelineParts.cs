using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PostProcessors;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Files;

/// <summary>
/// Reads the parts of a <c>tokenizer.json</c> by the name in their <c>type</c>. A part writes itself; to add one, add its
/// class and its line here.
/// </summary>
internal static class PipelineParts
{
    private static readonly Dictionary<string, Func<JsonObject, Normalizer>> Normalizers = new()
    {
        ["Sequence"] = part => new SequenceNormalizer([.. Parts(part, "normalizers").Select(ReadNormalizer)]),
        ["NFC"] = _ => new UnicodeNormalizer(NormalizationForm.FormC),
        ["NFD"] = _ => new UnicodeNormalizer(NormalizationForm.FormD),
        ["NFKC"] = _ => new UnicodeNormalizer(NormalizationForm.FormKC),
        ["NFKD"] = _ => new UnicodeNormalizer(NormalizationForm.FormKD),
        ["Lowercase"] = _ => new LowercaseNormalizer(),
    };

    private static readonly Dictionary<string, Func<JsonObject, PreTokenizer>> PreTokenizers = new()
    {
        ["Sequence"] = part => new SequencePreTokenizer([.. Parts(part, "pretokenizers").Select(ReadPreTokenizer)]),
        ["ByteLevel"] = part => new ByteLevelPreTokenizer(part.Flag("add_prefix_space", true), part.Flag("use_regex", true)),
        ["Digits"] = part => new DigitsPreTokenizer(part.Flag("individual_digits", false)),
        ["Split"] = ReadSplit,
        ["WhitespaceSplit"] = _ => new WhitespaceSplitPreTokenizer(),
    };

    private static readonly Dictionary<string, Func<JsonObject, PostProcessor>> PostProcessors = new()
    {
        ["Sequence"] = part => new SequencePostProcessor([.. Parts(part, "processors").Select(ReadPostProcessor)]),
        ["ByteLevel"] = part => new ByteLevelPostProcessor(part),
        ["TemplateProcessing"] = PostProcessorJson.ReadTemplate,
        ["BertProcessing"] = part => PostProcessorJson.ReadPair(part, doubled: false),
        ["RobertaProcessing"] = part => PostProcessorJson.ReadPair(part, doubled: true),
    };

    private static readonly Dictionary<string, Func<JsonObject, TokenDecoder>> Decoders = new()
    {
        ["Sequence"] = part => new SequenceDecoder([.. Parts(part, "decoders").Select(ReadDecoder)]),
        ["ByteLevel"] = _ => new IdentityDecoder("ByteLevel"),
        ["ByteFallback"] = _ => new IdentityDecoder("ByteFallback"),
        ["Fuse"] = _ => new IdentityDecoder("Fuse"),
        ["Replace"] = part => new ReplaceDecoder(
            part["pattern"].Text("String") ?? throw new InvalidDataException("decoder.pattern has no String."), part.RequireText("content", "decoder")),
        ["Strip"] = ReadStrip,
    };

    public static Normalizer ReadNormalizer(JsonObject part) => Read(part, "normalizer", Normalizers);

    public static PreTokenizer ReadPreTokenizer(JsonObject part) => Read(part, "pre_tokenizer", PreTokenizers);

    public static PostProcessor ReadPostProcessor(JsonObject part) => Read(part, "post_processor", PostProcessors);

    public static TokenDecoder ReadDecoder(JsonObject part) => Read(part, "decoder", Decoders);

    private static T Read<T>(JsonObject part, string role, Dictionary<string, Func<JsonObject, T>> readers)
    {
        string type = part.RequireText("type", role);
        return readers.TryGetValue(type, out Func<JsonObject, T>? read)
            ? read(part)
            : throw new InvalidDataException($"{role}.type is {type}; expected {string.Join(", ", readers.Keys.Order(StringComparer.Ordinal))}.");
    }

    private static IEnumerable<JsonObject> Parts(JsonObject part, string key) =>
        (part[key] as JsonArray ?? throw new InvalidDataException($"a Sequence has no {key}."))
        .Select(node => node as JsonObject ?? throw new InvalidDataException($"{key} holds something that is not an object."));

    private static SplitPreTokenizer ReadSplit(JsonObject part)
    {
        string? literal = part["pattern"].Text("String");
        string pattern = part["pattern"].Text("Regex") ?? literal ?? throw new InvalidDataException("pre_tokenizer.pattern has neither Regex nor String.");
        return new SplitPreTokenizer(pattern, part.Behavior("Isolated"), part.Flag("invert", false), literal is not null);
    }

    private static StripDecoder ReadStrip(JsonObject part)
    {
        string content = part.RequireText("content", "decoder");
        if (!Rune.TryGetRuneAt(content, 0, out Rune rune) || rune.Utf16SequenceLength != content.Length)
            throw new InvalidDataException($"decoder.content is '{content}'; expected one character.");
        if (part.Integer("stop") is { } stop and not 0)
            throw new InvalidDataException($"decoder.stop is {stop}; expected 0, for text is decoded as it comes.");
        return new StripDecoder(rune, part.Integer("start") ?? 0);
    }
}
