using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Shared;
using Ashlar.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Checkpointing;

/// <summary>
/// Everything a run needs to continue bit for bit, in <c>state/</c>. Each save is a new folder that is complete before the small
/// file <c>latest</c> names it, so a process killed at any moment leaves the previous save loadable.
/// </summary>
internal sealed class RunState(string runDirectory)
{
    private readonly string _folder = Path.Combine(runDirectory, "state");

    private string Pointer => Path.Combine(_folder, "latest");

    /// <summary>Whether there is something to continue from.</summary>
    public bool Exists => File.Exists(Pointer);

    /// <summary>Saves tensors and the rest under a step's name, then forgets older saves.</summary>
    public void Save(int step, IReadOnlyDictionary<string, Tensor> tensors, JsonObject rest)
    {
        // A step that is saved again gets a name of its own: the folder that the pointer names is never touched before the pointer.
        string name = $"step-{step:D8}";
        for (int again = 2; Directory.Exists(Path.Combine(_folder, name)); again++)
            name = $"step-{step:D8}-{again}";
        string final = Path.Combine(_folder, name);
        string temporary = $"{final}.{Guid.NewGuid():N}.tmp";
        Directory.CreateDirectory(temporary);
        SafetensorsWriter.Write(Path.Combine(temporary, "tensors.safetensors"), [.. tensors.Select(pair => Entry(pair.Key, pair.Value))]);
        rest["torchRandom"] = Convert.ToBase64String(TorchRandom());
        AtomicFile.WriteText(Path.Combine(temporary, "state.json"), rest.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        Directory.Move(temporary, final);
        AtomicFile.WriteText(Pointer, name);
        foreach (string other in Directory.GetDirectories(_folder))
        {
            if (Path.GetFileName(other) != name)
                Directory.Delete(other, recursive: true);
        }
    }

    /// <summary>Reads the last save into the given tensors, which must be exactly those that were saved.</summary>
    /// <exception cref="InvalidDataException">There is none, or it does not fit.</exception>
    public JsonObject Load(IReadOnlyDictionary<string, Tensor> tensors)
    {
        if (!Exists)
            throw new InvalidDataException($"{_folder}: nothing to resume from; run without --resume first.");
        string folder = Path.Combine(_folder, File.ReadAllText(Pointer).Trim());
        string rest = Path.Combine(folder, "state.json");
        JsonObject state;
        try
        {
            state = JsonNode.Parse(File.ReadAllText(rest))!.AsObject();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{rest}: not the state of a run.", error);
        }

        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, "tensors.safetensors"));
        using IDisposable detached = no_grad();
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (!file.TryGet(name, out TensorInfo? info) || !info.Shape.SequenceEqual(tensor.shape))
                throw new InvalidDataException($"{file.Source}: tensor {name} of shape [{string.Join(", ", tensor.shape)}] is missing or has another shape.");
            float[] values = new float[info.ElementCount];
            file.ReadFloat32(name, values);
            using Tensor read = torch.tensor(values, tensor.shape, ScalarType.Float32);
            tensor.copy_(read);
        }

        if (file.Names.FirstOrDefault(name => !tensors.ContainsKey(name)) is { } extra)
            throw new InvalidDataException($"{file.Source}: tensor {extra} is not part of this run.");
        SetTorchRandom(Convert.FromBase64String(state["torchRandom"]!.GetValue<string>()));
        return state;
    }

    private static SafetensorsEntry Entry(string name, Tensor tensor)
    {
        if (tensor.dtype != ScalarType.Float32)
            throw new InvalidOperationException($"{name} is {tensor.dtype}; the state of a run is float32.");
        return new SafetensorsEntry(new TensorInfo(name, TensorType.Float32, tensor.shape), stream =>
        {
            using Tensor detached = tensor.detach();
            using Tensor here = detached.cpu();
            using Tensor dense = here.contiguous();
            stream.Write(dense.bytes);
        });
    }

    private static byte[] TorchRandom()
    {
        using Tensor state = torch.random.get_rng_state();
        return state.bytes.ToArray();
    }

    private static void SetTorchRandom(byte[] bytes)
    {
        using Tensor state = torch.tensor(bytes, ScalarType.Byte);
        torch.random.set_rng_state(state);
    }
}
