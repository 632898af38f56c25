using System.Text.Json.Nodes;

namespace Ashlar.Evaluation.Tests.Translation;

/// <summary>
/// Lines chosen to be awkward (escapes, numbers, full-width marks, emoji, final sigma, dotted capital I, odd spaces), two sets
/// of references, and what sacreBLEU 2.6.0 gives for them; random sentences with moved words, with its sentence BLEU and TER.
/// </summary>
internal static class SacreBleu
{
    public static JsonObject Golden { get; } = Read();

    public static string[] Hypotheses { get; } = Lines(Golden["hypotheses"]!);

    public static string[][] References { get; } = [.. Golden["references"]!.AsArray().Select(set => Lines(set!))];

    public static IEnumerable<JsonObject> Cases(string name) => Golden[name]!.AsArray().Select(node => node!.AsObject());

    public static string[] Lines(JsonNode list) => [.. list.AsArray().Select(node => node!.GetValue<string>())];

    private static JsonObject Read()
    {
        using Stream stream = typeof(SacreBleu).Assembly.GetManifestResourceStream("sacrebleu-2.6.0.json")!;
        return JsonNode.Parse(stream)!.AsObject();
    }
}
