namespace Ashlar.Checkpoints.Configurations;

/// <summary>
/// Recognises a recurrent language model in a PyTorch state dict, whatever its modules are called: the tensors of one
/// <c>nn.RNN</c>, <c>nn.LSTM</c> or <c>nn.GRU</c>, an embedding before it and a linear layer behind it.
/// </summary>
public static class RecurrentStateDict
{
    private static readonly string[] EmbeddingWords = ["emb", "encoder", "wte", "lookup"];

    /// <summary>Finds the shape and, for each tensor of <see cref="RecurrentTensors"/>, its name in the source.</summary>
    /// <param name="source">The state dict; a prefix such as <c>model.</c> before all names does not matter.</param>
    /// <param name="elman">Whether an Elman network has tanh or ReLU, which its weights do not tell.</param>
    /// <exception cref="InvalidDataException">It is not such a model; the sentence says what is missing.</exception>
    public static (RecurrentConfiguration Configuration, IReadOnlyDictionary<string, string> Names) Recognize(
        ITensorSource source, RecurrentCell elman = RecurrentCell.RnnTanh)
    {
        string[] first = [.. source.Names.Where(name => name.EndsWith("weight_ih_l0", StringComparison.Ordinal))];
        if (first is not [string inputName])
            throw new InvalidDataException($"{source.Source}: {first.Length} tensors are called weight_ih_l0; a recurrent language model of PyTorch's nn.RNN, nn.LSTM or nn.GRU has one.");
        string prefix = inputName[..^"weight_ih_l0".Length];
        long[] input = Matrix(source, inputName), recurrent = Matrix(source, prefix + "weight_hh_l0");
        long width = recurrent[1], gates = recurrent[0] / width;
        RecurrentCell cell = (recurrent[0] % width == 0 ? gates : 0) switch
        {
            1 => elman,
            3 => RecurrentCell.Gru,
            4 => RecurrentCell.Lstm,
            _ => throw new InvalidDataException($"{source.Source}: {prefix}weight_hh_l0 has shape [{string.Join(", ", recurrent)}]; expected 1, 3 or 4 gates of the width {width}."),
        };
        int layers = 0;
        while (source.TryGet($"{prefix}weight_ih_l{layers}", out _))
            layers++;

        // Matrices outside the recurrent module: [vocabulary, width] behind it, [vocabulary, input width] before it.
        (string Name, long[] Shape)[] others = [.. source.Names
            .Where(name => !name.StartsWith(prefix + "weight_", StringComparison.Ordinal) && source.TryGet(name, out TensorInfo? info) && info.Shape.Count == 2)
            .Select(name => (name, Matrix(source, name)))];
        (string Name, long[] Shape)[] outputs = [.. others.Where(other => other.Shape[1] == width)];
        (string Name, long[] Shape)[] embeddings = [.. others.Where(other => other.Shape[1] == input[1])];
        if (outputs.Length == 0)
            throw new InvalidDataException($"{source.Source}: there is no projection of the hidden width {width} to a vocabulary.");
        (string Name, long[] Shape) output = outputs.Length == 1 ? outputs[0] : outputs.LastOrDefault(other => !IsEmbedding(other.Name));
        if (output.Name is null)
            throw new InvalidDataException($"{source.Source}: which of {string.Join(", ", outputs.Select(other => other.Name))} projects to the vocabulary cannot be told.");
        long vocabulary = output.Shape[0];
        string? embedding = embeddings.Where(other => other.Name != output.Name && other.Shape[0] == vocabulary)
            .OrderByDescending(other => IsEmbedding(other.Name)).Select(other => other.Name).FirstOrDefault();
        bool oneHot = embedding is null && input[1] == vocabulary;
        bool tied = embedding is null && !oneHot && input[1] == width;
        if (embedding is null && !oneHot && !tied)
            throw new InvalidDataException($"{source.Source}: there is no embedding of shape [{vocabulary}, {input[1]}].");
        string? bias = OutputBias(source, prefix, output.Name, vocabulary);
        RecurrentConfiguration configuration = new()
        {
            Cell = cell,
            VocabularySize = checked((int)vocabulary),
            EmbeddingWidth = oneHot ? 0 : checked((int)input[1]),
            HiddenWidth = checked((int)width),
            LayerCount = layers,
            TieEmbeddings = tied,
            Bias = source.TryGet(prefix + "bias_ih_l0", out _),
            ProjectionBias = bias is not null,
        };
        configuration.Validate();
        return (configuration, RecurrentTensors.Of(configuration).ToDictionary(tensor => tensor.Name, tensor => Find(source, tensor, tensor.Name switch
        {
            "encoder.weight" => embedding ?? output.Name,
            "decoder.weight" => output.Name,
            "decoder.bias" => bias!,
            string name => prefix + name["rnn.".Length..],
        })));
    }

    // Beside the weight; where the weight is the embedding's, the one vector over the vocabulary.
    private static string? OutputBias(ITensorSource source, string prefix, string output, long vocabulary)
    {
        string beside = output.EndsWith("weight", StringComparison.Ordinal) ? output[..^"weight".Length] + "bias" : output;
        string[] vectors = [.. source.Names.Where(name => !name.StartsWith(prefix + "bias_", StringComparison.Ordinal)
            && source.TryGet(name, out TensorInfo? info) && info.Shape is [var size] && size == vocabulary)];
        return vectors.Contains(beside) ? beside : vectors is [var only] ? only : null;
    }

    private static bool IsEmbedding(string name) => EmbeddingWords.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static long[] Matrix(ITensorSource source, string name) =>
        source.TryGet(name, out TensorInfo? info) && info.Shape.Count == 2 && info.Shape[0] > 0 && info.Shape[1] > 0
            ? [.. info.Shape]
            : throw new InvalidDataException($"{source.Source}: tensor {name} is missing or not a matrix.");

    private static string Find(ITensorSource source, TensorDescription expected, string name)
    {
        if (!source.TryGet(name, out TensorInfo? info))
            throw new InvalidDataException($"{source.Source}: tensor {name} is missing.");
        return info.Shape.SequenceEqual(expected.Shape)
            ? name
            : throw new InvalidDataException($"{source.Source}: tensor {name} has shape {info.ShapeText}; expected [{string.Join(", ", expected.Shape)}].");
    }
}
