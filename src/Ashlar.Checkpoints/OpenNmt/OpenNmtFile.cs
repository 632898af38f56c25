using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.TorchSave;

namespace Ashlar.Checkpoints.OpenNmt;

/// <summary>
/// A recurrent model of OpenNMT-py: a checkpoint <c>.pt</c> with weights and vocabularies, of which nothing is executed, or a folder
/// in which these were taken out of it, <c>weights.json</c> (names, shapes and byte offsets of the tensors, both vocabularies) and
/// <c>weights.f32</c>. It is read under the names of <see cref="RecurrentTranslationTensors"/>.
/// </summary>
public sealed class OpenNmtFile : ITensorSource
{
    private readonly MemoryTensorSource _tensors;

    private OpenNmtFile(RecurrentTranslationConfiguration configuration, MemoryTensorSource tensors, string[] source, string[] target) =>
        (Configuration, _tensors, SourceTokens, TargetTokens) = (configuration, tensors, source, target);

    /// <summary>The model's shape.</summary>
    public RecurrentTranslationConfiguration Configuration { get; }

    /// <summary>Source tokens by id.</summary>
    public IReadOnlyList<string> SourceTokens { get; }

    /// <summary>Target tokens by id.</summary>
    public IReadOnlyList<string> TargetTokens { get; }

    /// <inheritdoc/>
    public string Source => _tensors.Source;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _tensors.Names;

    /// <summary>Whether a path is such a folder, or a checkpoint file that <c>torch.save</c> wrote.</summary>
    public static bool Recognizes(string path) => File.Exists(path)
        ? path.EndsWith(".pt", StringComparison.Ordinal) && TorchArchive.Recognizes(path)
        : File.Exists(Path.Combine(path, "weights.json")) && File.Exists(Path.Combine(path, "weights.f32"));

    /// <summary>Reads a checkpoint or a folder.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the model is none that Ashlar has; the sentence says why.</exception>
    public static OpenNmtFile Open(string path) => File.Exists(path) ? OpenCheckpoint(path) : OpenFolder(path);

    private static OpenNmtFile OpenCheckpoint(string path)
    {
        using TorchArchive archive = TorchArchive.OpenWithObjects(path);
        try
        {
            PickleDictionary root = archive.Root as PickleDictionary ?? throw new InvalidDataException("not a dictionary; expected a checkpoint of OpenNMT-py.");
            (string[] source, string[] target) = (Tokens(root, "src"), Tokens(root, "tgt"));
            MemoryTensorSource raw = new(path);
            foreach (string name in archive.Names)
            {
                // The encoder's and decoder's tensors lie in "model", the projection's in "generator", the optimizer's elsewhere.
                string own = name.StartsWith("model.", StringComparison.Ordinal) ? name["model.".Length..] : name;
                if (own == name && !name.StartsWith("generator.", StringComparison.Ordinal))
                    continue;
                _ = archive.TryGet(name, out TensorInfo? info);
                float[] values = new float[info!.ElementCount];
                archive.ReadFloat32(name, values);
                raw.Add(own, info.Shape, values);
            }

            (RecurrentTranslationConfiguration configuration, MemoryTensorSource tensors) = OpenNmtRecurrent.Convert(raw, source, target);
            return new(configuration, tensors, source, target);
        }
        catch (InvalidDataException error) when (!error.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    // vocab: a list of pairs of a side and torchtext's Vocab, whose itos are the tokens by id.
    private static string[] Tokens(PickleDictionary root, string side)
    {
        IEnumerable<object?> pairs = Find(root, "vocab") is PickleList list ? list.Items : [];
        foreach (object? pair in pairs)
            if (pair is PickleTuple { Items: [string name, PickleObject vocabulary] } && name == side && Find(vocabulary.State, "itos") is PickleList tokens)
                return [.. tokens.Items.Select(token => token as string ?? throw new InvalidDataException($"the vocabulary '{side}' holds what is not a string."))];
        throw new InvalidDataException($"there is no vocabulary '{side}'; expected a checkpoint of OpenNMT-py before version 3.");

        static object? Find(PickleDictionary dictionary, string key) => dictionary.Items.Find(item => item.Key is string own && own == key).Value;
    }

    private static OpenNmtFile OpenFolder(string folder)
    {
        string path = Path.Combine(folder, "weights.json");
        foreach (string file in (string[])[path, Path.Combine(folder, "weights.f32")])
            if (!File.Exists(file))
                throw new FileNotFoundException($"{file}: no such file; expected the weights of an OpenNMT model.", file);
        try
        {
            JsonObject root = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
            string[] source = Strings(root, "src_vocab"), target = Strings(root, "tgt_vocab");
            byte[] data = File.ReadAllBytes(Path.Combine(folder, "weights.f32"));
            MemoryTensorSource raw = new(path);
            foreach (JsonNode? tensor in root["tensors"]!.AsArray())
            {
                string name = tensor!["name"]!.GetValue<string>();
                long[] shape = [.. tensor["shape"]!.AsArray().Select(size => size!.GetValue<long>())];
                raw.Add(name, shape, Floats(data, tensor["offset"]!.GetValue<long>(), shape, name));
            }

            (RecurrentTranslationConfiguration configuration, MemoryTensorSource tensors) = OpenNmtRecurrent.Convert(raw, source, target);
            return new(configuration, tensors, source, target);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"{path}: not the weights of an OpenNMT model ({error.Message}).", error);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorInfo? info) => _tensors.TryGet(name, out info);

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination) => _tensors.ReadFloat32(name, destination);

    /// <inheritdoc/>
    public void Dispose() => _tensors.Dispose();

    private static string[] Strings(JsonObject root, string key) => [.. root[key]!.AsArray().Select(token => token!.GetValue<string>())];

    private static float[] Floats(byte[] data, long offset, long[] shape, string name)
    {
        long count = shape.Aggregate(1L, (product, size) => product * size);
        if (offset < 0 || count < 0 || count > (data.Length - offset) / sizeof(float))
            throw new InvalidDataException($"tensor {name} reaches beyond weights.f32, which has {data.Length} bytes.");
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(data.AsSpan((int)offset + i * sizeof(float)));
        return values;
    }
}
