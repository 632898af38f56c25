using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Shared;

namespace Ashlar.Tokenizers.Files;

/// <summary>Chooses the reader by what the path is.</summary>
internal static class TokenizerFile
{
    private const string Expected = "a tokenizer.json, a folder that holds one, a vocab.json beside its merges.txt, BERT's vocab.txt, a .model, .tiktoken or .gguf file, or llama2.c's tokenizer.bin";

    private static readonly Dictionary<string, Func<string, Tokenizer>> ByExtension = new(StringComparer.OrdinalIgnoreCase)
    {
        [".model"] = SentencePieceFile.Load,
        [".spm"] = SentencePieceFile.Load,
        [".tiktoken"] = TiktokenFile.Load,
        [".gguf"] = GgufTokenizer.Load,
        [".bin"] = Llama2cVocabularyFile.Load,
    };

    public static Tokenizer Load(string path)
    {
        if (Directory.Exists(path))
            path = Inside(path);
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such tokenizer; expected {Expected}.", path);
        try
        {
            if (ByExtension.TryGetValue(Path.GetExtension(path), out Func<string, Tokenizer>? load))
                return load(path);
            if (path.EndsWith("vocab.json", StringComparison.Ordinal))
                return VocabularyAndMerges.Load(path);
            if (path.EndsWith("vocab.txt", StringComparison.Ordinal))
                return BertVocabulary.Load(path);
            if (!path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && !path.EndsWith(".json.gz", StringComparison.OrdinalIgnoreCase))
                throw new InvalidDataException($"expected {Expected}.");
            JsonObject root = ReadObject(path);
            string configuration = Path.Combine(
                Path.GetDirectoryName(Path.GetFullPath(path))!,
                Path.GetFileName(path).Replace("tokenizer.json", "tokenizer_config.json", StringComparison.Ordinal));
            return TokenizerJson.Read(root, File.Exists(configuration) && configuration != Path.GetFullPath(path) ? ReadObject(configuration) : null);
        }
        catch (InvalidDataException error) when (!error.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    private static string Inside(string folder)
    {
        foreach (string name in (ReadOnlySpan<string>)["tokenizer.json", "tokenizer.json.gz", "vocab.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.txt"])
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path))
                return path;
        }

        throw new FileNotFoundException($"{folder}: no tokenizer.json in this folder, nor vocab.json, tokenizer.model, spiece.model, sentencepiece.bpe.model or vocab.txt.", Path.Combine(folder, "tokenizer.json"));
    }

    public static void Save(Tokenizer tokenizer, string directory)
    {
        Directory.CreateDirectory(directory);
        JsonSerializerOptions options = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        AtomicFile.WriteText(Path.Combine(directory, "tokenizer.json"), TokenizerJson.Write(tokenizer).ToJsonString(options) + "\n");
        AtomicFile.WriteText(Path.Combine(directory, "tokenizer_config.json"), TokenizerConfigurationJson.Write(tokenizer).ToJsonString(options) + "\n");
    }

    internal static JsonObject ReadObject(string path)
    {
        try
        {
            using Stream file = File.OpenRead(path);
            using Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
            return JsonNode.Parse(stream) as JsonObject ?? throw new InvalidDataException($"{path}: expected a JSON object.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: not JSON (line {error.LineNumber + 1}).", error);
        }
    }
}
