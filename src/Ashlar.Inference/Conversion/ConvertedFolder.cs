using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Shared;

namespace Ashlar.Inference.Conversion;

/// <summary>Writes <c>model.safetensors</c> and <c>config.json</c> of a converted model; vocabularies come beside them.</summary>
internal static class ConvertedFolder
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes both files, tensor by tensor.</summary>
    /// <param name="destination">The folder, made if it is not there.</param>
    /// <param name="configuration">What <c>config.json</c> holds; its <c>torch_dtype</c> is set.</param>
    /// <param name="source">The tensors.</param>
    /// <param name="tensors">Names and shapes to write.</param>
    /// <param name="nameThere">The name in the source.</param>
    /// <param name="type">Element type; null for that of the source's first tensor, if it can be kept.</param>
    public static void Write(
        string destination,
        JsonObject configuration,
        ITensorSource source,
        IEnumerable<TensorDescription> tensors,
        Func<string, string> nameThere,
        TensorType? type)
    {
        TensorDescription[] list = [.. tensors];
        TensorType kept = type ?? (source.TryGet(nameThere(list[0].Name), out TensorInfo? first) && first.Type is TensorType.Float16 or TensorType.BFloat16 ? first.Type : TensorType.Float32);
        Directory.CreateDirectory(destination);
        SafetensorsWriter.Write(
            Path.Combine(destination, "model.safetensors"),
            [.. list.Select(tensor => SafetensorsEntry.Converted(new TensorInfo(tensor.Name, kept, tensor.Shape), source, nameThere(tensor.Name)))]);
        configuration["torch_dtype"] = NameOf(kept);
        if (configuration.ContainsKey("dtype"))
            configuration["dtype"] = NameOf(kept); // as newer writers call it
        AtomicFile.WriteText(Path.Combine(destination, "config.json"), configuration.ToJsonString(Indented) + "\n");
    }

    private static string NameOf(TensorType type) => type switch
    {
        TensorType.Float16 => "float16",
        TensorType.BFloat16 => "bfloat16",
        _ => "float32",
    };
}
