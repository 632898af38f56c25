using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Models.Recurrent;

namespace Ashlar.Inference.Tests.Models.Recurrent;

/// <summary>Random weights of a recurrent model's shape, by their names in a checkpoint.</summary>
internal sealed class RandomRecurrent
{
    public RandomRecurrent(string shape, int seed)
    {
        Configuration = Shape(shape);
        Random random = new(seed);
        foreach (TensorDescription tensor in RecurrentTensors.Of(Configuration))
        {
            float[] values = new float[tensor.Shape.Aggregate(1L, (product, size) => product * size)];
            float scale = tensor.Name.StartsWith("decoder", StringComparison.Ordinal) ? 1.5f : 0.5f;
            for (int i = 0; i < values.Length; i++)
                values[i] = (random.NextSingle() * 2 - 1) * scale;
            Tensors[tensor.Name] = values;
        }
    }

    public static TheoryData<string> Shapes { get; } =
    [
        "rnn-tanh", "rnn-relu", "lstm", "gru", "lstm-one-hot", "gru-one-hot", "lstm-tied", "gru-without-biases", "rnn-tanh-without-biases",
        "lstm-many-words", "gru-many-words-tied",
    ];

    public RecurrentConfiguration Configuration { get; }

    public Dictionary<string, float[]> Tensors { get; } = [];

    public RecurrentGraph NewGraph(int threadCount = 1) => new(Configuration, Read, threadCount);

    public int[] Tokens(int seed, int count)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(Configuration.VocabularySize))];
    }

    private void Read(string name, Span<float> destination)
    {
        Assert.Equal(Tensors[name].Length, destination.Length);
        Tensors[name].CopyTo(destination);
    }

    private static RecurrentConfiguration Shape(string name)
    {
        RecurrentConfiguration lstm = new()
        {
            Cell = RecurrentCell.Lstm,
            VocabularySize = 37,
            EmbeddingWidth = 13,
            HiddenWidth = 21,
            LayerCount = 3,
        };
        return name switch
        {
            "rnn-tanh" => lstm with { Cell = RecurrentCell.RnnTanh },
            // One layer: a deep unscaled rectifier network grows without bound.
            "rnn-relu" => lstm with { Cell = RecurrentCell.RnnRelu, LayerCount = 1, HiddenWidth = 5 },
            "lstm" => lstm,
            "gru" => lstm with { Cell = RecurrentCell.Gru, HiddenWidth = 40, LayerCount = 2 },
            "lstm-one-hot" => lstm with { EmbeddingWidth = 0 },
            "gru-one-hot" => lstm with { EmbeddingWidth = 0, Cell = RecurrentCell.Gru, LayerCount = 1 },
            "lstm-tied" => lstm with { EmbeddingWidth = 21, TieEmbeddings = true },
            "gru-without-biases" => lstm with { Cell = RecurrentCell.Gru, Bias = false, ProjectionBias = false },
            "rnn-tanh-without-biases" => lstm with { Cell = RecurrentCell.RnnTanh, Bias = false, LayerCount = 1 },
            // Too many words for a table of input projections.
            "lstm-many-words" => lstm with { VocabularySize = 60_000, LayerCount = 1 },
            "gru-many-words-tied" => lstm with
            {
                Cell = RecurrentCell.Gru,
                VocabularySize = 60_000,
                EmbeddingWidth = 24,
                HiddenWidth = 24,
                LayerCount = 1,
                TieEmbeddings = true,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }
}
