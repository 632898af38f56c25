using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Models;

namespace Ashlar.Inference.Tests.Models;

/// <summary>Random weights of a decoder's shape, by their names in a checkpoint.</summary>
internal sealed class RandomCheckpoint
{
    public RandomCheckpoint(DecoderConfiguration configuration, int seed)
    {
        Configuration = configuration;
        Random random = new(seed);
        foreach (TensorDescription tensor in DecoderTensors.Of(configuration))
        {
            bool norm = tensor.Name.Contains("norm") || tensor.Name.Contains("ln_");
            float[] values = new float[tensor.Shape.Aggregate(1L, (product, size) => product * size)];
            for (int i = 0; i < values.Length; i++)
                values[i] = (random.NextSingle() * 2 - 1) * 0.6f + (norm && tensor.Name.EndsWith("weight") ? 1 : 0);
            Tensors[tensor.Name] = values;
        }
    }

    public DecoderConfiguration Configuration { get; }

    public Dictionary<string, float[]> Tensors { get; } = [];

    public DecoderGraph NewGraph(int threadCount = 1) => new(Configuration, Read, threadCount);

    public void Read(string name, Span<float> destination)
    {
        Assert.Equal(Tensors[name].Length, destination.Length);
        Tensors[name].CopyTo(destination);
    }

    /// <summary>Small shapes that between them use every part of the graph.</summary>
    public static DecoderConfiguration Shape(string name)
    {
        DecoderConfiguration llama = new()
        {
            Architecture = DecoderArchitecture.Llama,
            VocabularySize = 37,
            ContextLength = 100,
            Width = 24,
            LayerCount = 2,
            HeadCount = 4,
            KeyValueHeadCount = 2,
            HeadWidth = 6,
            FeedForwardWidth = 50,
        };
        return name switch
        {
            "gpt2" => llama with { Architecture = DecoderArchitecture.Gpt2, KeyValueHeadCount = 4, QueryKeyValueBias = true },
            "gpt1" => Shape("gpt2") with { Architecture = DecoderArchitecture.Gpt1, FeedForwardWidth = 96 },
            "gpt2-untied-exact-gelu" => Shape("gpt2") with { TieEmbeddings = false, TanhGelu = false, Width = 36, HeadWidth = 9 },
            "llama" => llama,
            "llama-untied-scaled" => llama with
            {
                TieEmbeddings = false,
                KeyValueHeadCount = 1,
                HeadWidth = 36,
                RopeTheta = 500,
                RopeScaling = new(8, 1, 4, 64),
            },
            "qwen2" => llama with { Architecture = DecoderArchitecture.Qwen2, QueryKeyValueBias = true, RopeTheta = 1e6 },
            "qwen3" => llama with { Architecture = DecoderArchitecture.Qwen3, HeadWidth = 16, NormEpsilon = 1e-6 },
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }
}
