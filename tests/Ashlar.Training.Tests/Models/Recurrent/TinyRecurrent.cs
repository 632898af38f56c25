using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models;
using Ashlar.Training.Models.Recurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models.Recurrent;

/// <summary>Recurrent models of every cell, small enough for a test and of widths that no register divides.</summary>
internal static class TinyRecurrent
{
    public const int Vocabulary = 23;

    public static TheoryData<RecurrentCell> Cells { get; } =
        [RecurrentCell.RnnTanh, RecurrentCell.RnnRelu, RecurrentCell.Lstm, RecurrentCell.Gru];

    public static RecurrentConfiguration Configuration(RecurrentCell cell, int layers = 2, bool tied = false) => new()
    {
        Cell = cell,
        VocabularySize = Vocabulary,
        EmbeddingWidth = tied ? 19 : 11,
        HiddenWidth = 19,
        LayerCount = layers,
        TieEmbeddings = tied,
    };

    /// <summary>A model whose weights are large enough, biases included, for every term to matter.</summary>
    public static RecurrentLanguageModel Build(RecurrentConfiguration configuration, bool fused = true, ComputeType compute = ComputeType.Float32)
    {
        RecurrentLanguageModel model = new(configuration, new RecurrentOptions { Seed = 5, FusedPass = fused, ComputeType = compute });
        using IDisposable detached = no_grad();
        using Generator generator = new(7, CPU);
        foreach (NamedParameter parameter in model.Parameters)
        {
            using Tensor noise = empty(parameter.Value.shape).normal_(0, 0.2, generator);
            parameter.Value.add_(noise);
        }

        return model;
    }

    public static Tensor Tokens(long rows, long length, int seed, long low = 0, long high = Vocabulary) =>
        TinyDecoders.Tokens(rows, length, seed, low, high);

    public static float[] Gradients(RecurrentLanguageModel model) => model.Store.Gradients.data<float>().ToArray();

    /// <summary>Whether two lists of numbers differ by at most a share of the larger one's largest.</summary>
    public static void Close(IReadOnlyList<float> expected, IReadOnlyList<float> actual, double tolerance)
    {
        Assert.Equal(expected.Count, actual.Count);
        double largest = expected.Max(MathF.Abs);
        Assert.True(largest > 0);
        double difference = expected.Zip(actual).Max(pair => Math.Abs(pair.First - pair.Second));
        Assert.True(difference <= tolerance * largest, $"a difference of {difference} beside values up to {largest}");
    }
}
