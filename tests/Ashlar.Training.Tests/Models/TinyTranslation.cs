using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Models;
using Ashlar.Training.Models.Transformer;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

/// <summary>Translation models and batches small enough for a test.</summary>
internal static class TinyTranslation
{
    public const int SourceVocabulary = 23;
    public const int TargetVocabulary = 19;

    public static TranslationFormat Format { get; } = new() { PaddingId = 0, BeginId = 1, EndId = 2, SourceEndId = 2 };

    public static ParallelTokens Tokens { get; } = new(Begin: 1, End: 2, SourcePadding: 0, TargetPadding: 0);

    public static TransformerConfiguration Transformer { get; } = new()
    {
        SourceVocabularySize = SourceVocabulary,
        TargetVocabularySize = TargetVocabulary,
        Width = 24,
        EncoderLayerCount = 2,
        DecoderLayerCount = 3,
        EncoderHeadCount = 4,
        DecoderHeadCount = 2,
        EncoderFeedForwardWidth = 40,
        DecoderFeedForwardWidth = 36,
        MaximumLength = 50,
        Format = Format,
    };

    /// <summary>The parts of a Transformer that may differ, each at least once.</summary>
    public static TheoryData<string> TransformerKinds { get; } = ["published", "pre-norm", "rotary-swiglu", "learned-gelu", "silu-shared", "untied"];

    public static TransformerConfiguration TransformerOf(string kind) => kind switch
    {
        "published" => Transformer,
        "pre-norm" => Transformer with { PreNorm = true, Activation = TransformerActivation.Gelu },
        "rotary-swiglu" => Transformer with { PreNorm = true, Positions = PositionEncoding.Rotary, Activation = TransformerActivation.SwiGlu },
        "learned-gelu" => Transformer with { Positions = PositionEncoding.Learned, Activation = TransformerActivation.Gelu, ScaleEmbedding = false },
        "silu-shared" => Transformer with
        {
            Activation = TransformerActivation.Silu,
            SourceVocabularySize = TargetVocabulary,
            ShareEmbeddings = true,
            EncoderLayerCount = 3,
            DecoderLayerCount = 1,
        },
        _ => Transformer with { TieProjection = false, PreNorm = true, Positions = PositionEncoding.Rotary },
    };

    /// <summary>A Transformer whose weights are large enough, biases and gains included, for every term to matter.</summary>
    public static TransformerModel Build(
        TransformerConfiguration configuration, bool fused = true, ComputeType compute = ComputeType.Float32)
    {
        TransformerModel model = new(configuration, new TranslationModelOptions { Seed = 5, FusedPass = fused, ComputeType = compute });
        Disturb(model, 0.1);
        return model;
    }

    public static void Disturb(TranslationModel model, double deviation)
    {
        using IDisposable detached = no_grad();
        using Generator generator = new(7, CPU);
        foreach (NamedParameter parameter in model.Parameters)
        {
            using Tensor noise = empty(parameter.Value.shape).normal_(0, deviation, generator);
            parameter.Value.add_(noise);
        }
    }

    /// <summary>Random pairs of these lengths; ids below 3 are special.</summary>
    public static List<ParallelExample> Examples(int seed, int sourceVocabulary, params (int Source, int Target)[] lengths)
    {
        Random random = new(seed);
        return [.. lengths.Select(pair => new ParallelExample(Ids(pair.Source, sourceVocabulary), Ids(pair.Target, TargetVocabulary)))];

        int[] Ids(int count, int vocabulary) => [.. Enumerable.Range(0, count).Select(_ => random.Next(3, vocabulary))];
    }

    public static ParallelBatch Batch(IReadOnlyList<ParallelExample> examples, params int[] indices) =>
        ParallelBatch.Of(examples, indices.Length > 0 ? indices : [.. Enumerable.Range(0, examples.Count)], Tokens);

    public static Dictionary<string, float[]> Gradients(TranslationModel model) => model.Parameters.ToDictionary(
        parameter => parameter.Name,
        parameter =>
        {
            using Tensor? gradient = parameter.Gradient;
            return gradient is null ? new float[parameter.Value.numel()] : gradient.contiguous().data<float>().ToArray();
        });

    /// <summary>Largest difference between gradients, relative to the larger of 1 and the largest gradient.</summary>
    public static (double Difference, string Name) Compare(Dictionary<string, float[]> expected, Dictionary<string, float[]> actual)
    {
        double largest = expected.Values.Max(values => values.Max(MathF.Abs));
        (double, string) worst = (0, "");
        foreach ((string name, float[] values) in expected)
        {
            double difference = values.Zip(actual[name], (a, b) => Math.Abs(a - b)).Max() / Math.Max(1, largest);
            if (!(difference <= worst.Item1))
                worst = (difference, name);
        }

        return worst;
    }

    public static float[] Values(Tensor tensor) => tensor.contiguous().data<float>().ToArray();
}
