using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ZstdSharp;

namespace Ashlar.Datasets.Text;

/// <summary>Streams documents from files; gzip and Zstandard are unpacked by their endings. A wrong file or line is one sentence.</summary>
public static class TextDocuments
{
    /// <summary>Each file is one document.</summary>
    /// <exception cref="InvalidDataException">A file is not UTF-8; the sentence gives the byte.</exception>
    public static IEnumerable<string> FromFiles(IEnumerable<string> paths) => paths.Select(ReadWhole);

    /// <summary>Each line that is not empty is one document.</summary>
    public static IEnumerable<string> FromLines(IEnumerable<string> paths) =>
        paths.SelectMany(path => Lines(path)).Select(line => line.Text).Where(line => line.Length > 0);

    /// <summary>The <c>text</c> of each JSON line.</summary>
    public static IEnumerable<string> FromJsonLines(IEnumerable<string> paths)
    {
        foreach (string path in paths)
        {
            foreach ((int number, string text) in Lines(path))
            {
                if (text.Length == 0)
                    continue;
                using JsonDocument json = Parse(path, number, text);
                yield return json.RootElement.ValueKind == JsonValueKind.Object
                    && json.RootElement.TryGetProperty("text", out JsonElement value) && value.ValueKind == JsonValueKind.String
                    ? value.GetString()!
                    : throw new InvalidDataException($"{path}: line {number} has no \"text\"; expected {{\"text\": \"...\"}}.");
            }
        }
    }

    internal static JsonDocument Parse(string path, int line, string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path}: line {line} is not JSON.", error);
        }
    }

    internal static IEnumerable<(int Number, string Text)> Lines(string path)
    {
        using StreamReader reader = new(Open(path), new UTF8Encoding(false, throwOnInvalidBytes: true));
        for (int number = 1; ; number++)
        {
            string? line;
            try
            {
                line = reader.ReadLine();
            }
            catch (DecoderFallbackException error)
            {
                throw new InvalidDataException($"{path}: near line {number} the text is not UTF-8.", error);
            }

            if (line is null)
                yield break;
            yield return (number, line);
        }
    }

    private static string ReadWhole(string path)
    {
        using Stream stream = Open(path);
        using MemoryStream memory = new();
        stream.CopyTo(memory);
        ReadOnlySpan<byte> bytes = memory.GetBuffer().AsSpan(0, (int)memory.Length);
        if (bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        if (!Utf8.IsValid(bytes))
        {
            int at = 0;
            while (Rune.DecodeFromUtf8(bytes[at..], out _, out int length) == OperationStatus.Done)
                at += length;
            throw new InvalidDataException($"{path}: not UTF-8 at byte {at}; expected text.");
        }

        return Encoding.UTF8.GetString(bytes);
    }

    internal static Stream Open(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected text to read.", path);
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".gz" => new UnpackedStream(new GZipStream(file, CompressionMode.Decompress), path, "gzip"),
            ".zst" => new UnpackedStream(new DecompressionStream(file, leaveOpen: false), path, "Zstandard"),
            _ => file,
        };
    }
}
