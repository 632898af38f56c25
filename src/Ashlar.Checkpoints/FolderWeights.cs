using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Checkpoints.TorchSave;

namespace Ashlar.Checkpoints;

/// <summary>
/// The weights of a model's folder, however its writer laid them out: <c>model.safetensors</c>; the shards that
/// <c>model.safetensors.index.json</c> names; or, from before safetensors, <c>pytorch_model.bin</c>.
/// </summary>
public static class FolderWeights
{
    private const string Whole = "model.safetensors";
    private const string Index = "model.safetensors.index.json";
    private const string Torch = "pytorch_model.bin";

    /// <summary>Opens them.</summary>
    /// <exception cref="FileNotFoundException">There are none, or a shard is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged; the sentence says where.</exception>
    public static ITensorSource Open(string folder)
    {
        string whole = Path.Combine(folder, Whole), index = Path.Combine(folder, Index), torch = Path.Combine(folder, Torch);
        if (!File.Exists(whole) && File.Exists(index))
            return Shards(folder, index);
        return !File.Exists(whole) && File.Exists(torch) ? TorchArchive.Open(torch) : SafetensorsFile.Open(whole);
    }

    private static ShardedTensors Shards(string folder, string index)
    {
        string[] names;
        try
        {
            JsonObject map = JsonNode.Parse(File.ReadAllBytes(index))!["weight_map"]!.AsObject();
            names = [.. map.Select(pair => pair.Value!.GetValue<string>()).Distinct().Order(StringComparer.Ordinal)];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or NullReferenceException)
        {
            throw new InvalidDataException($"{index}: expected a JSON object whose weight_map names the file of each tensor.", error);
        }

        // A name, not a path: an index must not make other files be read.
        if (names.FirstOrDefault(name => name != Path.GetFileName(name)) is { } outside)
            throw new InvalidDataException($"{index}: weight_map names '{outside}'; expected a file of the same folder.");
        List<ITensorSource> files = [];
        try
        {
            foreach (string name in names)
                files.Add(SafetensorsFile.Open(Path.Combine(folder, name)));
            return new ShardedTensors(index, files);
        }
        catch
        {
            foreach (ITensorSource file in files)
                file.Dispose();
            throw;
        }
    }
}
