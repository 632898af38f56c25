using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Shared;
using Ashlar.Training.Reporting;

namespace Ashlar.Training.Loop;

/// <summary><c>metrics.jsonl</c>: one JSON object a line, appended as the run goes; its numbers also go to TensorBoard's events.</summary>
internal sealed class MetricsLog : IDisposable
{
    public const string FileName = "metrics.jsonl";

    // Samples in Chinese are to be read by people too.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly StreamWriter _writer;
    private readonly TensorBoardEvents _events;

    /// <summary>Opens the log; lines after <paramref name="step"/>, written by a session that was cut off, are dropped.</summary>
    public MetricsLog(string runDirectory, int step)
    {
        string path = Path.Combine(runDirectory, FileName);
        List<string> kept = [.. Read(runDirectory).Where(line => (line["step"]?.GetValue<int>() ?? 0) <= step && step > 0).Select(line => line.ToJsonString(Plain))];
        AtomicFile.WriteText(path, string.Concat(kept.Select(line => line + "\n")));
        _writer = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read));
        _events = new TensorBoardEvents(runDirectory, step);
    }

    /// <summary>The lines of a run, oldest first; a last line that was cut off is passed over.</summary>
    public static IReadOnlyList<JsonObject> Read(string runDirectory)
    {
        string path = Path.Combine(runDirectory, FileName);
        List<JsonObject> lines = [];
        if (!File.Exists(path))
            return lines;
        foreach (string line in File.ReadLines(path))
        {
            try
            {
                if (JsonNode.Parse(line) is JsonObject metrics)
                    lines.Add(metrics);
            }
            catch (JsonException)
            {
                break;
            }
        }

        return lines;
    }

    public void Add(JsonObject metrics)
    {
        _writer.WriteLine(metrics.ToJsonString(Plain));
        _writer.Flush();
        List<(string, double)> scalars = [];
        bool held = metrics.ContainsKey("validationLoss");
        foreach ((string name, JsonNode? value) in metrics)
        {
            if (name is "step" or "seconds" || value is not JsonValue number || !Number(number, out double scalar))
                continue;
            scalars.Add((held ? $"validation/{(name == "validationLoss" ? "loss" : name)}" : $"train/{name}", scalar));
        }

        if (metrics["step"] is JsonValue step && step.TryGetValue(out int at) && at > 0 && scalars.Count > 0)
            _events.Add(at, scalars);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _events.Dispose();
    }

    // A node made from an int does not answer to double.
    private static bool Number(JsonValue value, out double number)
    {
        if (value.TryGetValue(out number))
            return true;
        bool whole = value.TryGetValue(out long count);
        number = count;
        return whole;
    }
}
