using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Shared;

namespace Ashlar.Tokenizers.Files;

/// <summary>Chooses the reader by what the path is.</summary>
internal static class TokenizerFile
{
    public static Tokenizer Load(string path)
    {
        if (Directory.Exists(path))
        {
            string inside = Path.Combine(path, "tokenizer.json");
            if (!File.Exists(inside))
                throw new FileNotFoundException($"{path}: no tokenizer.json in this folder.", inside);
            path = inside;
        }

        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such tokenizer; expected a tokenizer.json, a folder that holds one, or a .tiktoken file.", path);
        try
        {
            if (path.EndsWith(".tiktoken", StringComparison.OrdinalIgnoreCase))
                return TiktokenFile.Load(path);
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

    public static void Save(Tokenizer tokenizer, string directory)
    {
        Directory.CreateDirectory(directory);
        JsonSerializerOptions options = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        AtomicFile.WriteText(Path.Combine(directory, "tokenizer.json"), TokenizerJson.Write(tokenizer).ToJsonString(options) + "\n");
        AtomicFile.WriteText(Path.Combine(directory, "tokenizer_config.json"), TokenizerConfigurationJson.Write(tokenizer).ToJsonString(options) + "\n");
    }

    private static JsonObject ReadObject(string path)
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
