using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Shared;
using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>A model's parameters to and from a folder: <c>config.json</c> and <c>model.safetensors</c>, fp32.</summary>
internal static class ModelCheckpoint
{
    public const string ConfigurationFile = "config.json";
    public const string WeightsFile = "model.safetensors";

    public static void Save(string directory, JsonObject configuration, IReadOnlyList<NamedParameter> parameters)
    {
        SafetensorsWriter.Write(
            Path.Combine(directory, WeightsFile),
            [.. parameters.Select(parameter => new SafetensorsEntry(
                new TensorInfo(parameter.Name, TensorType.Float32, parameter.Value.shape),
                stream => Write(parameter.Value, stream)))]);
        AtomicFile.WriteText(
            Path.Combine(directory, ConfigurationFile),
            configuration.ToJsonString(new() { WriteIndented = true }) + "\n");
    }

    /// <summary>Reads every parameter from the tensor that the names map it to.</summary>
    public static void Load(ITensorSource source, IReadOnlyDictionary<string, string> names, IReadOnlyList<NamedParameter> parameters)
    {
        using IDisposable detached = no_grad();
        foreach (NamedParameter parameter in parameters)
        {
            if (parameter.Value.device_type == TorchSharp.DeviceType.CPU)
            {
                source.ReadFloat32(names[parameter.Name], MemoryMarshal.Cast<byte, float>(parameter.Value.bytes));
                continue;
            }

            using Tensor read = empty(parameter.Value.shape, ScalarType.Float32, CPU);
            source.ReadFloat32(names[parameter.Name], MemoryMarshal.Cast<byte, float>(read.bytes));
            parameter.Value.copy_(read);
        }
    }

    private static void Write(Tensor value, Stream stream)
    {
        using Tensor detached = value.detach();
        using Tensor here = detached.cpu();
        stream.Write(here.bytes);
    }
}
