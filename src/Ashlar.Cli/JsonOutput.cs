using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ashlar.Cli;

/// <summary>The <c>--json</c> of verbs: one object on the standard output and nothing else.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The option, for a verb.</summary>
    public static Option<bool> Option() => new("--json") { Description = "Print one JSON object." };

    /// <summary>Prints an object.</summary>
    public static void Print(this TextWriter output, JsonObject value) => output.WriteLine(value.ToJsonString(Written));

    /// <summary>A number, or null where there is none: JSON has no word for what is not a number.</summary>
    public static JsonNode? Number(double? value) => value is { } number && double.IsFinite(number) ? JsonValue.Create(number) : null;
}
