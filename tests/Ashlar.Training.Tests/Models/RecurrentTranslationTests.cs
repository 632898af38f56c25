using Ashlar.Datasets.Parallel;
using Ashlar.Training.Models;
using Ashlar.Training.Models.RecurrentTranslation;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

/// <summary>The ways in which a recurrent encoder-decoder trains faster: they change nothing but the rounding.</summary>
public sealed class RecurrentTranslationTests
{
    public static TheoryData<string> Kinds { get; } = [.. TinyRecurrent.Kinds];

    private static ParallelBatch Batch => TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (5, 3), (4, 4), (7, 9)));

    [Theory, MemberData(nameof(Kinds))]
    public void The_fused_projection_and_loss_are_those_of_automatic_differentiation(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using RecurrentTranslationModel fused = Build(kind), plain = Build(kind, fused: false);
        foreach (double smoothing in (double[])[0, 0.1])
        {
            fused.ZeroGradients();
            plain.ZeroGradients();
            double expected = plain.AccumulateGradients(Batch, smoothing);
            Assert.Equal(expected, fused.AccumulateGradients(Batch, smoothing), 1e-5 * expected);
            (double difference, string name) = TinyTranslation.Compare(TinyTranslation.Gradients(plain), TinyTranslation.Gradients(fused));
            Assert.True(difference < 1e-5, $"{name} differs by {difference}");
            using (no_grad())
                Assert.Equal(expected, fused.LossSum(Batch, smoothing).item<float>(), 1e-5 * expected);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Products_in_bfloat16_are_close(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using RecurrentTranslationModel exact = Build(kind), rounded = Build(kind, compute: ComputeType.BFloat16);
        Assert.Equal(exact.AccumulateGradients(Batch) / Batch.SupervisedCount, rounded.AccumulateGradients(Batch) / Batch.SupervisedCount, 0.05);
        Tensor a = exact.Store.Gradients, b = rounded.Store.Gradients;
        Assert.InRange(((a * b).sum() / (a.norm() * b.norm())).item<float>(), 0.99, 1.0001);
        Assert.NotEqual(0, (a - b).abs().max().item<float>());
    }

    private static RecurrentTranslationModel Build(string kind, bool fused = true, ComputeType compute = ComputeType.Float32)
    {
        RecurrentTranslationModel model = new(
            TinyRecurrent.Of(kind), new TranslationModelOptions { Seed = 5, FusedPass = fused, ComputeType = compute });
        TinyTranslation.Disturb(model, 0.1);
        return model;
    }
}
