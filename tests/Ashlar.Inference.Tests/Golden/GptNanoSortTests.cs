using System.Runtime.InteropServices;
using System.Text.Json;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models;
using Ashlar.Kernels;
using Ashlar.Tests;

namespace Ashlar.Inference.Tests.Golden;

/// <summary>minGPT's gpt-nano, trained to sort, with every activation that PyTorch computed.</summary>
public sealed class GptNanoSortTests
{
    private const double Tolerance = 1e-5;

    // What the graph observes in block 0, and what the file calls it.
    private static readonly Dictionary<string, string> Names = new()
    {
        ["attention-norm"] = "ln1",
        ["query-key-value"] = "qkv",
        ["attention"] = "y",
        ["attention-output"] = "yProj",
        ["attention-residual"] = "attnResid",
        ["feed-forward-norm"] = "ln2",
        ["feed-forward-inner"] = "fc",
        ["feed-forward-activation"] = "gelu",
        ["feed-forward-output"] = "mlp",
    };

    [Fact]
    public void Every_stored_activation_is_reproduced()
    {
        Dictionary<string, float[]> expected = Read("gpt-nano-sort-t0-partials.json");
        using DecoderGraph graph = Load();
        HashSet<string> seen = [];
        graph.Observer = (layer, name, values) =>
        {
            string? stored = (layer, name) switch
            {
                (-1, "embedding") => "x",
                (-1, "final-norm") => "ln_f",
                (_, "block") => $"block{layer}",
                (0, _) => Names[name],
                _ => null,
            };
            if (stored is not null)
            {
                Close(expected[stored], values, stored);
                seen.Add(stored);
            }
        };
        int[][] batch = [.. expected["idx"].Select(id => (int)id).Chunk(11)];
        float[] logits = new float[3 * 11 * 3];
        graph.Advance(
            [.. batch.Select(_ => graph.NewState())], [.. batch.Select(ids => (ReadOnlyMemory<int>)ids)], logits, LogitsSelection.All);
        Close(expected["lm_head"], logits, "lm_head");
        for (int row = 0; row < 33; row++)
            Softmax.Apply(logits.AsSpan(row * 3, 3));
        Close(expected["probs"], logits, "probs");
        Assert.Equal(["attnResid", "block0", "block1", "block2", "fc", "gelu", "ln1", "ln2", "ln_f", "mlp", "qkv", "x", "y", "yProj"], seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Attention_weights_are_reproduced()
    {
        Dictionary<string, float[]> expected = Read("gpt-nano-sort-t0-partials.json");
        const int Length = 11, Width = 16;
        float[] weights = new float[3 * 3 * Length * Length];
        for (int head = 0; head < 9; head++) // [sequence, head]
        {
            ReadOnlySpan<float> keys = expected["k"].AsSpan(head * Length * Width, Length * Width);
            for (int t = 0; t < Length; t++)
            {
                Span<float> row = weights.AsSpan((head * Length + t) * Length, t + 1);
                Attention.Scores(expected["q"].AsSpan((head * Length + t) * Width, Width), keys, 1 / MathF.Sqrt(Width), row);
                Close(expected["att"].AsSpan((head * Length + t) * Length, t + 1), row, "att");
                Softmax.Apply(row);
            }
        }

        Close(expected["attSm"], weights, "attSm");
    }

    [Fact]
    public void It_sorts()
    {
        using DecoderGraph graph = Load();
        foreach (int[] letters in new int[][] { [2, 0, 1, 2, 1, 0], [1, 1, 0, 2, 2, 2], [0, 0, 2, 1, 0, 2] })
        {
            TokenGenerator generator = new(
                graph, graph.NewState(), letters, new() { Sampling = SamplingOptions.Greedy, MaxTokens = 6 });
            while (generator.TryNext(out _))
            {
            }

            Assert.Equal(letters.Order(), generator.History.Skip(6));
        }
    }

    private static DecoderGraph Load()
    {
        DecoderConfiguration configuration = new()
        {
            Architecture = DecoderArchitecture.Gpt2,
            VocabularySize = 3,
            ContextLength = 11,
            Width = 48,
            LayerCount = 3,
            HeadCount = 3,
            KeyValueHeadCount = 3,
            HeadWidth = 16,
            FeedForwardWidth = 192,
            QueryKeyValueBias = true,
            TieEmbeddings = false,
        };
        Dictionary<string, float[]> stored = Read("gpt-nano-sort-model.json");
        using MemoryTensorSource source = new("gpt-nano-sort");
        foreach (TensorDescription tensor in DecoderTensors.Of(configuration))
        {
            // minGPT's linear layers are [output, input]; GPT-2's Conv1D is the transpose.
            bool transpose = tensor.Name.Contains(".c_") && tensor.Shape.Count == 2;
            float[] values = stored[tensor.Name];
            source.Add(tensor.Name, tensor.Shape, transpose ? Transposed(values, (int)tensor.Shape[1], (int)tensor.Shape[0]) : values);
        }

        return DecoderGraph.Load(configuration, source, threadCount: 1);
    }

    private static float[] Transposed(float[] values, int rows, int columns)
    {
        float[] result = new float[values.Length];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                result[j * rows + i] = values[i * columns + j];
        return result;
    }

    private static Dictionary<string, float[]> Read(string file)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(SharedData.Require("gpt-nano-sort", file)));
        return document.RootElement.EnumerateObject()
            .Where(property => property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty("data", out _))
            .ToDictionary(
                property => property.Name,
                property => MemoryMarshal.Cast<byte, float>(property.Value.GetProperty("data").GetBytesFromBase64()).ToArray());
    }

    private static void Close(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= Tolerance, $"{name}[{i}]: expected {expected[i]}, computed {actual[i]}");
    }
}
