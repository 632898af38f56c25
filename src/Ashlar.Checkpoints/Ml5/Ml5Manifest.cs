using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ashlar.Checkpoints.Ml5;

/// <summary>The manifest of an ml5.js model: which variable lies in which file.</summary>
internal sealed class Ml5Manifest
{
    private readonly string _folder;
    private readonly JsonObject _root;

    public Ml5Manifest(string folder)
    {
        _folder = folder;
        Path = System.IO.Path.Combine(folder, "manifest.json");
        _root = Parse(Path);
    }

    public string Path { get; }

    public int LayerCount
    {
        get
        {
            int count = 0;
            while (Find(count, "kernel", "weights") is not null)
                count++;
            return count > 0 ? count : throw new InvalidDataException($"{Path}: there is no rnnlm/multi_rnn_cell/cell_0/basic_lstm_cell.");
        }
    }

    public static JsonObject Parse(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected a model of ml5.js' charRNN.", path);
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path))!.AsObject();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new InvalidDataException($"{path}: not a JSON object ({error.Message}).", error);
        }
    }

    public (float[] Kernel, float[] Bias) Layer(int layer, int rows, int columns)
    {
        float[] kernel = Read(Find(layer, "kernel", "weights")!, out int[] shape);
        float[] bias = Read(Find(layer, "bias", "biases") ?? "", out int[] biasShape);
        return shape.SequenceEqual([rows, columns]) && biasShape.SequenceEqual([columns])
            ? (kernel, bias)
            : throw new InvalidDataException($"{Path}: cell {layer} has shapes [{string.Join(", ", shape)}] and [{string.Join(", ", biasShape)}]; expected [{rows}, {columns}] and [{columns}].");
    }

    public float[] Read(string variable, out int[] shape)
    {
        string file;
        try
        {
            JsonNode entry = _root[variable] ?? throw new InvalidDataException($"{Path}: variable {variable} is missing.");
            file = entry["filename"]!.GetValue<string>();
            shape = [.. entry["shape"]!.AsArray().Select(size => size!.GetValue<int>())];
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or NullReferenceException)
        {
            throw new InvalidDataException($"{Path}: variable {variable} needs a filename and a shape.", error);
        }

        // A name, not a path: a manifest must not make other files be read.
        if (file != System.IO.Path.GetFileName(file))
            throw new InvalidDataException($"{Path}: variable {variable} lies in '{file}'; expected a file of the same folder.");
        string path = System.IO.Path.Combine(_folder, file);
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; the manifest names it for {variable}.", path);
        byte[] bytes = File.ReadAllBytes(path);
        long expected = sizeof(float) * shape.Aggregate(1L, (product, size) => product * size);
        return bytes.Length == expected
            ? MemoryMarshal.Cast<byte, float>(bytes).ToArray()
            : throw new InvalidDataException($"{path}: {bytes.Length} bytes long; a shape of [{string.Join(", ", shape)}] needs {expected}.");
    }

    // Older and newer TensorFlow have two names for each.
    private string? Find(int layer, params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
            if ($"rnnlm/multi_rnn_cell/cell_{layer}/basic_lstm_cell/{name}" is var variable && _root.ContainsKey(variable))
                return variable;
        return null;
    }
}
