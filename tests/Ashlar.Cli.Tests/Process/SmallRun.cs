using System.Text.Json.Nodes;

namespace Ashlar.Cli.Tests.Process;

/// <summary>A recipe that trains in milliseconds a step, in a folder of its own (with a space in its name).</summary>
internal sealed class SmallRun : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar ").FullName;

    public SmallRun(int checkpointEvery)
    {
        File.WriteAllText(PathOf("text.txt"), string.Concat(Enumerable.Range(0, 150).Select(i => $"the {i % 10} cats sat on mat {i % 7}. ")));
        JsonObject recipe = new()
        {
            ["name"] = "small",
            ["tokenizer"] = new JsonObject { ["kind"] = "character" },
            ["data"] = new JsonObject { ["train"] = new JsonArray("text.txt"), ["split"] = "position" },
            ["model"] = new JsonObject { ["architecture"] = "llama", ["layers"] = 2, ["heads"] = 2, ["width"] = 64, ["contextLength"] = 16, ["dropout"] = 0.1 },
            ["optimizer"] = new JsonObject { ["learningRate"] = 0.001 },
            ["schedule"] = new JsonObject { ["kind"] = "constant", ["warmupSteps"] = 3 },
            ["training"] = new JsonObject { ["steps"] = 1_000_000, ["batchSize"] = 2, ["computeType"] = "float32", ["ema"] = 0.9, ["checkpointEvery"] = checkpointEvery },
            ["evaluation"] = new JsonObject { ["every"] = 1_000_000, ["maximumBatches"] = 1 },
        };
        File.WriteAllText(Recipe, recipe.ToJsonString());
    }

    public string Recipe => PathOf("recipe.json");

    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Step of the last save, or -1.</summary>
    public int Saved(string run)
    {
        string pointer = Path.Combine(PathOf(run), "state", "latest");
        return File.Exists(pointer) ? int.Parse(File.ReadAllText(pointer).Split('-')[1], System.Globalization.CultureInfo.InvariantCulture) : -1;
    }

    public IReadOnlyList<double> Losses(string run) =>
    [
        .. Lines(run).Where(line => line["loss"] is not null).Select(line => line["loss"]!.GetValue<double>()),
    ];

    public int StepsLogged(string run) => File.Exists(Path.Combine(PathOf(run), "metrics.jsonl")) ? Lines(run).Count(line => line["loss"] is not null) : 0;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The file is read while it is written: the last line may be half a line.
    private List<JsonObject> Lines(string run)
    {
        using StreamReader reader = new(new FileStream(Path.Combine(PathOf(run), "metrics.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        string[] lines = reader.ReadToEnd().Split('\n');
        return [.. lines.SkipLast(1).Select(line => JsonNode.Parse(line)!.AsObject())];
    }
}
