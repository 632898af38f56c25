using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Benchmarks.Training;

/// <summary>The models and batches that are measured.</summary>
internal static class TrainingShape
{
    public static (DecoderConfiguration Configuration, int Rows, int Length) Named(string name) => name switch
    {
        "small" => (Gpt2(vocabulary: 8192, context: 256, width: 256, layers: 4, heads: 8), 8, 256),
        "124m" => (Gpt2(vocabulary: 50257, context: 1024, width: 768, layers: 12, heads: 12), 4, 64),
        "tiny" => (Gpt2(vocabulary: 512, context: 64, width: 64, layers: 2, heads: 4), 8, 64),
        _ => throw new InvalidDataException($"--shape is '{name}'; expected small, 124m or tiny."),
    };

    private static DecoderConfiguration Gpt2(int vocabulary, int context, int width, int layers, int heads) => new()
    {
        Architecture = DecoderArchitecture.Gpt2,
        VocabularySize = vocabulary,
        ContextLength = context,
        Width = width,
        LayerCount = layers,
        HeadCount = heads,
        KeyValueHeadCount = heads,
        HeadWidth = width / heads,
        FeedForwardWidth = 4 * width,
        QueryKeyValueBias = true,
    };
}
