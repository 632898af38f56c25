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
        ["Strip"] = part => new StripNormalizer(part.Flag("strip_left", true), part.Flag("strip_right", true)),
        ["StripAccents"] = _ => new StripAccentsNormalizer(),
        ["Nmt"] = _ => new NmtNormalizer(),
        ["Prepend"] = part => new PrependNormalizer(part.RequireText("prepend", "normalizer")),
        ["Replace"] = ReadReplace,
        ["Precompiled"] = ReadPrecompiled,
        ["BertNormalizer"] = part => new BertNormalizer(
            part.Flag("clean_text", true),
            part.Flag("handle_chinese_chars", true),
            part["strip_accents"] is null ? null : part.Flag("strip_accents", false),
            part.Flag("lowercase", true)),
    };

    private static readonly Dictionary<string, Func<JsonObject, PreTokenizer>> PreTokenizers = new()
    {
        ["Sequence"] = part => new SequencePreTokenizer([.. Parts(part, "pretokenizers").Select(ReadPreTokenizer)]),
        ["ByteLevel"] = part => new ByteLevelPreTokenizer(part.Flag("add_prefix_space", true), part.Flag("use_regex", true)),
        ["Digits"] = part => new DigitsPreTokenizer(part.Flag("individual_digits", false)),
        ["Split"] = ReadSplit,
        ["WhitespaceSplit"] = _ => new WhitespaceSplitPreTokenizer(),
        ["Whitespace"] = _ => new WhitespacePreTokenizer(),
        ["BertPreTokenizer"] = _ => new BertPreTokenizer(),
        ["Punctuation"] = part => new PunctuationPreTokenizer(part.Behavior("Isolated")),
        ["CharDelimiterSplit"] = part => new DelimiterPreTokenizer(OneCharacter(part, "delimiter", "pre_tokenizer")),
        ["FixedLength"] = part => new FixedLengthPreTokenizer(part.Integer("length") is null or > 0
            ? part.Integer("length") ?? 5
            : throw new InvalidDataException($"pre_tokenizer.length is {part.Integer("length")}; expected 1 or more.")),
        ["Metaspace"] = part => new MetaspacePreTokenizer(SpaceMark(part, "pre_tokenizer"), Scheme(part, "pre_tokenizer"), part.Flag("split", true)),
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
            part["pattern"].Text("String") is { Length: > 0 } pattern ? pattern : throw new InvalidDataException("decoder.pattern has no String that is not empty."),
            part.RequireText("content", "decoder")),
        ["WordPiece"] = part => new WordPieceDecoder(part["prefix"].Text() ?? "##", part.Flag("cleanup", true)),
        ["Metaspace"] = part => new MetaspaceDecoder(SpaceMark(part, "decoder"), Scheme(part, "decoder"), part.Flag("split", true)),
        ["BPEDecoder"] = part => new EndOfWordDecoder(part["suffix"].Text() ?? "</w>"),
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

    private static ReplaceNormalizer ReadReplace(JsonObject part)
    {
        string? literal = part["pattern"].Text("String");
        string pattern = part["pattern"].Text("Regex") ?? literal ?? throw new InvalidDataException("normalizer.pattern has neither Regex nor String.");
        return new ReplaceNormalizer(pattern, part.RequireText("content", "normalizer"), literal is null);
    }

    private static Normalizer ReadPrecompiled(JsonObject part)
    {
        string text = part["precompiled_charsmap"].Text() ?? "";
        byte[] blob = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, blob, out int length))
            throw new InvalidDataException("normalizer.precompiled_charsmap is not base64.");
        return length == 0 ? new SequenceNormalizer([]) : new PrecompiledNormalizer(blob[..length]);
    }

    // Files from before prepend_scheme say add_prefix_space.
    private static PrependScheme Scheme(JsonObject part, string role) => part["prepend_scheme"].Text() switch
    {
        null => part.Flag("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never,
        "always" => PrependScheme.Always,
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        string other => throw new InvalidDataException($"{role}.prepend_scheme is {other}; expected always, first or never."),
    };

    private static char SpaceMark(JsonObject part, string role) => part["replacement"] is null ? '\u2581'
        : OneCharacter(part, "replacement", role) is { IsBmp: true } rune ? (char)rune.Value
        : throw new InvalidDataException($"{role}.replacement is '{part["replacement"].Text()}'; expected a character of the basic plane.");

    private static Rune OneCharacter(JsonObject part, string key, string role)
    {
        string content = part.RequireText(key, role);
        return Rune.TryGetRuneAt(content.Length == 0 ? "\uD800" : content, 0, out Rune rune) && rune.Utf16SequenceLength == content.Length
            ? rune
            : throw new InvalidDataException($"{role}.{key} is '{content}'; expected one character.");
    }

    private static StripDecoder ReadStrip(JsonObject part)
    {
        Rune rune = OneCharacter(part, "content", "decoder");
        if (part.Integer("stop") is { } stop and not 0)
            throw new InvalidDataException($"decoder.stop is {stop}; expected 0, for text is decoded as it comes.");
        return new StripDecoder(rune, part.Integer("start") ?? 0);
    }
}
