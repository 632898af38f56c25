using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Checkpoints.Ml5;

/// <summary>
/// A character model of ml5.js' charRNN: a folder with <c>manifest.json</c> (variables, their shapes and files),
/// <c>vocab.json</c> and raw little-endian float32 files of TensorFlow's <c>BasicLSTMCell</c>. Its kernel is [input and
/// state, gates] with gates i, j, f, o and 1 added to f; here the same weights under the names and in the order of
/// <see cref="RecurrentTensors"/>.
/// </summary>
public sealed class Ml5CharRnn : ITensorSource
{
    private readonly MemoryTensorSource _tensors;

    private Ml5CharRnn(RecurrentConfiguration configuration, MemoryTensorSource tensors, IReadOnlyList<string> characters) =>
        (Configuration, _tensors, Characters) = (configuration, tensors, characters);

    /// <summary>The shape.</summary>
    public RecurrentConfiguration Configuration { get; }

    /// <summary>
    /// The vocabulary, by id. Some published ones have an entry that is no character at all (empty, or two spaces); such an
    /// id never occurs in a text.
    /// </summary>
    public IReadOnlyList<string> Characters { get; }

    /// <inheritdoc/>
    public string Source => _tensors.Source;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _tensors.Names;

    /// <summary>Reads a folder.</summary>
    /// <exception cref="FileNotFoundException">A file is missing; the sentence names it.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the shapes do not fit together.</exception>
    public static Ml5CharRnn Load(string folder)
    {
        Ml5Manifest manifest = new(folder);
        float[] embedding = manifest.Read("embedding", out int[] embeddingShape);
        float[] output = manifest.Read("rnnlm/softmax_w", out int[] outputShape);
        float[] outputBias = manifest.Read("rnnlm/softmax_b", out _);
        if (embeddingShape.Length != 2 || outputShape.Length != 2)
            throw new InvalidDataException($"{manifest.Path}: embedding and rnnlm/softmax_w must be matrices.");
        (int vocabulary, int embeddingWidth, int width) = (embeddingShape[0], embeddingShape[1], outputShape[0]);
        int layers = manifest.LayerCount;
        RecurrentConfiguration c = new()
        {
            Cell = RecurrentCell.Lstm,
            VocabularySize = vocabulary,
            EmbeddingWidth = embeddingWidth,
            HiddenWidth = width,
            LayerCount = layers,
        };
        c.Validate();
        MemoryTensorSource tensors = new(folder);
        tensors.Add("encoder.weight", [vocabulary, embeddingWidth], embedding);
        for (int layer = 0; layer < layers; layer++)
        {
            int inputWidth = layer == 0 ? embeddingWidth : width;
            (float[] kernel, float[] bias) = manifest.Layer(layer, inputWidth + width, 4 * width);
            tensors.Add($"rnn.weight_ih_l{layer}", [4 * width, inputWidth], Gates(kernel, 0, inputWidth, width));
            tensors.Add($"rnn.weight_hh_l{layer}", [4 * width, width], Gates(kernel, inputWidth, width, width));
            float[] ordered = Gates(bias, 0, 1, width);
            for (int unit = width; unit < 2 * width; unit++)
                ordered[unit] += 1; // the forget bias that BasicLSTMCell adds when it runs
            tensors.Add($"rnn.bias_ih_l{layer}", [4 * width], ordered);
            tensors.Add($"rnn.bias_hh_l{layer}", [4 * width], new float[4 * width]);
        }

        tensors.Add("decoder.weight", [vocabulary, width], Transpose(output, width, vocabulary));
        tensors.Add("decoder.bias", [vocabulary], outputBias);
        StrictTensors.Match(tensors, c);
        return new(c, tensors, Vocabulary(Path.Combine(folder, "vocab.json"), vocabulary));
    }

    /// <inheritdoc/>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorInfo? info) => _tensors.TryGet(name, out info);

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination) => _tensors.ReadFloat32(name, destination);

    /// <inheritdoc/>
    public void Dispose() => _tensors.Dispose();

    // Rows of [input, i j f o] become [i f g o, input]: g is the other name of j.
    private static float[] Gates(float[] kernel, int firstRow, int rows, int width)
    {
        int[] order = [0, 2, 1, 3];
        float[] result = new float[4 * width * rows];
        for (int gate = 0; gate < 4; gate++)
            for (int unit = 0; unit < width; unit++)
                for (int row = 0; row < rows; row++)
                    result[(gate * width + unit) * rows + row] = kernel[(firstRow + row) * 4 * width + order[gate] * width + unit];
        return result;
    }

    private static float[] Transpose(float[] matrix, int rows, int columns)
    {
        float[] result = new float[matrix.Length];
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < columns; column++)
                result[column * rows + row] = matrix[row * columns + column];
        return result;
    }

    private static string[] Vocabulary(string path, int size)
    {
        JsonObject root = Ml5Manifest.Parse(path);
        string?[] characters = new string?[size];
        foreach ((string character, JsonNode? id) in root)
        {
            if (id is not JsonValue value || !value.TryGetValue(out int number) || (uint)number >= (uint)size || characters[number] is not null)
                throw new InvalidDataException($"{path}: the id of '{character}' is {id?.ToJsonString() ?? "null"}; expected each number from 0 to {size - 1} once.");
            characters[number] = character;
        }

        int missing = Array.IndexOf(characters, null);
        return missing < 0 ? [.. characters.Select(character => character!)] : throw new InvalidDataException($"{path}: no character has the id {missing}; the embedding has {size} rows.");
    }
}
