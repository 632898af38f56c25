using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ashlar.Inference.Translation;

namespace Ashlar.Cli.Translation;

/// <summary>
/// Writes which source token each target token came from: in the Pharaoh format (<c>0-0 2-1</c>, source and target token
/// numbers, tags and ends not counted), or with all weights as JSON lines.
/// </summary>
internal sealed class AlignmentWriter(TextWriter output, bool json)
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a file gets JSON lines, by its ending.</summary>
    public static bool IsJson(string path) => Path.GetExtension(path).ToLowerInvariant() is ".jsonl" or ".json";

    /// <summary>The alignment of one translation; an empty line where there is none.</summary>
    public void Write(long number, AttentionMatrix? attention)
    {
        if (json)
            output.WriteLine(attention is null ? $"{{\"line\":{number}}}" : Json(number, attention));
        else
            output.WriteLine(attention?.ToPairs());
    }

    private static string Json(long number, AttentionMatrix attention)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes, Relaxed))
        {
            writer.WriteStartObject();
            writer.WriteNumber("line", number);
            Tokens("source", attention.Source);
            Tokens("target", attention.Target);
            writer.WriteStartArray("attention");
            foreach (float[] row in attention.Weights)
            {
                writer.WriteStartArray();
                foreach (float weight in row)
                    writer.WriteNumberValue(Math.Round(weight, 4));
                writer.WriteEndArray();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();

            void Tokens(string name, IReadOnlyList<string> tokens)
            {
                writer.WriteStartArray(name);
                foreach (string token in tokens)
                    writer.WriteStringValue(token);
                writer.WriteEndArray();
            }
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
