using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

/// <summary>Decoders of every family, small enough for a test.</summary>
internal static class TinyDecoders
{
    public static TheoryData<DecoderArchitecture> Families { get; } =
        [DecoderArchitecture.Gpt1, DecoderArchitecture.Gpt2, DecoderArchitecture.Llama, DecoderArchitecture.Qwen2, DecoderArchitecture.Qwen3];

    public static DecoderConfiguration Configuration(DecoderArchitecture family, bool tied = true, double dropout = 0) => new()
    {
        Architecture = family,
        VocabularySize = 37,
        ContextLength = 24,
        Width = 32,
        LayerCount = 2,
        HeadCount = 4,
        KeyValueHeadCount = family is DecoderArchitecture.Gpt1 or DecoderArchitecture.Gpt2 ? 4 : 2,
        HeadWidth = 8,
        FeedForwardWidth = family == DecoderArchitecture.Gpt1 ? 128 : 48, // GPT-1 has no other than four times the width
        QueryKeyValueBias = family is DecoderArchitecture.Gpt1 or DecoderArchitecture.Gpt2 or DecoderArchitecture.Qwen2,
        TieEmbeddings = tied,
        Dropout = dropout,
    };

    /// <summary>A decoder whose weights are large enough, biases and gains included, for every term to matter.</summary>
    public static Decoder Build(
        DecoderArchitecture family, bool tied = true, double dropout = 0, ComputeType compute = ComputeType.Float32, bool checkpointing = false)
    {
        Decoder decoder = new(
            Configuration(family, tied, dropout),
            new DecoderOptions { Seed = 5, ComputeType = compute, ActivationCheckpointing = checkpointing });
        using IDisposable detached = no_grad();
        using Generator generator = new(7, CPU);
        foreach (NamedParameter parameter in decoder.Parameters)
        {
            using Tensor noise = empty(parameter.Value.shape).normal_(0, 0.15, generator);
            parameter.Value.add_(noise);
        }

        return decoder;
    }

    public static Tensor Tokens(long rows, long length, int seed, long low = 0, long high = 37)
    {
        Random random = new(seed);
        long[] ids = [.. Enumerable.Range(0, (int)(rows * length)).Select(_ => random.NextInt64(low, high))];
        return tensor(ids, [rows, length]);
    }

    /// <summary>Every gradient, in the parameters' order.</summary>
    public static float[] Gradients(Decoder decoder) => decoder.Store.Gradients.data<float>().ToArray();

    /// <summary>Whether two fp32 tensors are equal bit for bit.</summary>
    public static bool Same(Tensor a, Tensor b) =>
        a.contiguous().data<float>().ToArray().AsSpan().SequenceEqual(b.contiguous().data<float>().ToArray());

    /// <summary>max |a - b| / max |a|.</summary>
    public static double RelativeDifference(float[] a, float[] b)
    {
        Assert.Equal(a.Length, b.Length);
        double difference = 0, scale = 0;
        for (int i = 0; i < a.Length; i++)
        {
            difference = Math.Max(difference, Math.Abs(a[i] - b[i]));
            scale = Math.Max(scale, Math.Abs(a[i]));
        }

        return difference / scale;
    }
}
