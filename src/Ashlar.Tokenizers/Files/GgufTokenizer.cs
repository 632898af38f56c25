using Ashlar.Shared.Gguf;

namespace Ashlar.Tokenizers.Files;

/// <summary>The vocabulary in a GGUF file: <c>tokenizer.ggml.*</c> of its metadata.</summary>
internal static class GgufTokenizer
{
    private static readonly Dictionary<string, Func<GgufHeader, Tokenizer>> Models = new()
    {
        ["bert"] = GgufWordPiece.Read,
        ["gpt2"] = GgufBytePairs.Read,
        ["llama"] = GgufSentencePiece.ReadPairs,
        ["t5"] = GgufSentencePiece.ReadUnigram,
    };

    public static Tokenizer Load(string path)
    {
        GgufHeader header = GgufHeader.Read(path);
        string model = header.FindString("tokenizer.ggml.model") ?? throw new InvalidDataException("the file has no tokenizer.ggml.model.");
        return Models.TryGetValue(model, out Func<GgufHeader, Tokenizer>? read)
            ? read(header)
            : throw new InvalidDataException($"tokenizer.ggml.model is '{model}'; expected {string.Join(", ", Models.Keys.Order(StringComparer.Ordinal))}.");
    }

    /// <summary>A special token's id, checked against the vocabulary; null where the file names none.</summary>
    public static int? SpecialToken(GgufHeader header, string role, int vocabularySize)
    {
        string key = $"tokenizer.ggml.{role}_token_id";
        long? id = header.FindInteger(key);
        return id is null || (id >= 0 && id < vocabularySize)
            ? (int?)id
            : throw new InvalidDataException($"{key} is {id}; expected an id below {vocabularySize}.");
    }

    /// <summary>All special tokens.</summary>
    public static SpecialTokens SpecialTokens(GgufHeader header, int vocabularySize) => new(
        SpecialToken(header, "bos", vocabularySize),
        SpecialToken(header, "eos", vocabularySize),
        SpecialToken(header, "padding", vocabularySize),
        SpecialToken(header, "unknown", vocabularySize))
    {
        Mask = SpecialToken(header, "mask", vocabularySize),
        Separator = SpecialToken(header, "seperator", vocabularySize), // spelled so in the format
    };
}
