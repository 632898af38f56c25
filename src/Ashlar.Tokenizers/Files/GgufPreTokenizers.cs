using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.Files;

/// <summary>
/// Pre-tokenizer patterns by the name that <c>tokenizer.ggml.pre</c> gives them. A GGUF file holds the name alone; what it
/// means is llama.cpp's convention. Patterns cut one after the other, each the pieces of the one before.
/// </summary>
internal static class GgufPreTokenizers
{
    private const string Gpt2 = Gpt2Scanner.Expression;
    private const string Digit = @"\p{N}";
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Tekken = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Bloom = @" ?[^(\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+";
    private const string Ideographs = @"[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+";

    // Every cased letter, spelled out by its authors.
    private const string DeepSeekWord = @"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";

    private static readonly Dictionary<string, string[]> ByName = new()
    {
        ["default"] = [@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"],
        ["falcon"] = [@"[\p{P}\$\+<=>\^~\|`]+", Gpt2, "[0-9][0-9][0-9]"],
        ["deepseek-llm"] = [@"[\r\n]", DeepSeekWord, @"\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", @"\s+$", Ideographs, @"\p{N}+"],
        ["deepseek-coder"] = [@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", Ideographs, Digit],
        ["deepseek-v3"] =
        [
            @"\p{N}{1,3}",
            @"[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
            @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
        ["chameleon"] =
        [
            "<sentinel:[0-9]+>",
            "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z",
            @"([\t\n]|    |  )",
            Digit,
            @"[\p{P}!-/:-@\[-`{-~]",
            Gpt2,
        ],
        ["viking"] = [Bloom, Digit],
        ["tekken"] = [Tekken],
    };

    static GgufPreTokenizers()
    {
        Same([Gpt2], "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v1-en", "jina-v2-es", "jina-v2-de", "jina-v2-code", "roberta-bpe", "mpt", "olmo", "jais");
        Same([Digit, Gpt2], "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b");
        Same([Llama3], "llama3", "llama-v3", "llama-bpe", "falcon3", "dbrx", "smaug-bpe", "chatglm-bpe", "glm4");
        Same([Qwen2], "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez");
        Same([O200kScanner.Expression], "gpt-4o", "llama4");
        Same([Bloom], "poro-chat", "bloom", "gpt3-finnish");
    }

    /// <summary>The patterns of a name.</summary>
    /// <param name="name">Value of <c>tokenizer.ggml.pre</c>; null is the name "default".</param>
    /// <exception cref="InvalidDataException">The name is unknown.</exception>
    public static string[] Patterns(string? name) => ByName.TryGetValue(name ?? "default", out string[]? patterns)
        ? patterns
        : throw new InvalidDataException($"tokenizer.ggml.pre is '{name}'; expected {string.Join(", ", ByName.Keys.Order(StringComparer.Ordinal))}.");

    /// <summary>Whether a word that is a token is taken whole, whatever its merges.</summary>
    public static bool IgnoresMerges(string? name) => name is "llama3" or "llama-v3" or "llama-bpe" or "falcon3" or "tekken" or "gpt-4o" or "llama4";

    /// <summary>Whether the begin-of-text token stands before a text when the file does not say.</summary>
    public static bool AddsBeginOfText(string? name) => name is "llama3" or "llama-v3" or "llama-bpe" or "falcon3" or "tekken" or "chameleon";

    private static void Same(string[] patterns, params string[] names)
    {
        foreach (string name in names)
            ByName[name] = patterns;
    }
}
