using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference;
using Ashlar.Inference.Models;
using Ashlar.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

/// <summary>What training saves, inference runs, with equal logits: at once, token by token, and in a batch of unequal lengths.</summary>
public sealed class TwoEnginesTests : IDisposable
{
    private const float Tolerance = 1e-4f;

    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-engines-").FullName;

    public static TheoryData<DecoderArchitecture, bool> Variants
    {
        get
        {
            TheoryData<DecoderArchitecture, bool> data = [];
            foreach (DecoderArchitecture family in Enum.GetValues<DecoderArchitecture>())
            {
                data.Add(family, true);
                data.Add(family, false);
            }

            return data;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory, MemberData(nameof(Variants))]
    public void Saved_by_training_and_run_by_inference_the_logits_are_equal(DecoderArchitecture family, bool tied)
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(family, tied);
        decoder.SetTraining(false);
        decoder.Save(_folder);
        DecoderConfiguration configuration = DecoderConfiguration.Load(Path.Combine(_folder, "config.json"));
        Assert.Equal(family, configuration.Architecture);
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(_folder, "model.safetensors"));
        using DecoderGraph graph = DecoderGraph.Load(configuration, file, threadCount: 1);

        const int Length = 20;
        int vocabulary = configuration.VocabularySize;
        Tensor tokens = TinyDecoders.Tokens(2, Length, seed: 3);
        float[] trained;
        using (no_grad())
            trained = decoder.Logits(tokens).contiguous().data<float>().ToArray();
        int[][] rows = [.. Enumerable.Range(0, 2).Select(row => Enumerable.Range(0, Length).Select(i => (int)tokens[row, i].item<long>()).ToArray())];
        Assert.InRange(trained.Max(Math.Abs), 0.5f, 100f); // of an order where 1e-4 says something

        // At once.
        float[] whole = new float[Length * vocabulary];
        using (LanguageModelState state = graph.NewState())
            graph.Advance([state], [rows[0]], whole, LogitsSelection.All);
        Near(trained.AsSpan(0, whole.Length), whole);

        // Token by token.
        float[] one = new float[vocabulary];
        using (LanguageModelState state = graph.NewState())
        {
            for (int i = 0; i < Length; i++)
            {
                graph.Advance([state], [rows[0].AsMemory(i, 1)], one, LogitsSelection.Last);
                Near(trained.AsSpan(i * vocabulary, vocabulary), one);
            }
        }

        // In a batch whose sequences have other lengths.
        float[] batch = new float[2 * vocabulary];
        using LanguageModelState first = graph.NewState(), second = graph.NewState();
        graph.Advance([first, second], [rows[0].AsMemory(0, 7), rows[1].AsMemory(0, 15)], batch, LogitsSelection.Last);
        Near(trained.AsSpan(6 * vocabulary, vocabulary), batch.AsSpan(0, vocabulary));
        Near(trained.AsSpan((Length + 14) * vocabulary, vocabulary), batch.AsSpan(vocabulary));
    }

    private static void Near(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        float largest = 0;
        for (int i = 0; i < expected.Length; i++)
            largest = Math.Max(largest, Math.Abs(expected[i] - actual[i]));
        Assert.True(largest <= Tolerance, $"the logits differ by {largest}");
    }
}
