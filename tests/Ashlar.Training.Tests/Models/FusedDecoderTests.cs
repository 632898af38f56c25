using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models;
using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

/// <summary>The fused pass against automatic differentiation.</summary>
public sealed class FusedDecoderTests
{
    public static TheoryData<DecoderArchitecture, bool, bool> Cases { get; } = Combine();

    [Theory, MemberData(nameof(Cases))]
    public void LossAndGradientsEqualAutomaticDifferentiation(DecoderArchitecture family, bool tied, bool checkpointing)
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(family, tied, checkpointing: checkpointing);
        foreach ((long rows, long length) in ((long, long)[])[(3, 17), (2, 24), (1, 1), (3, 17)]) // shapes change from call to call
        {
            Tensor inputs = TinyDecoders.Tokens(rows, length, seed: 1), targets = TinyDecoders.Tokens(rows, length, seed: 2);
            if (length > 5)
                targets.narrow(1, 3, 2).fill_(-100);
            Compare(decoder, inputs, targets, null, null);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void PackedDocumentsToo(DecoderArchitecture family, bool tied, bool checkpointing)
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(family, tied, checkpointing: checkpointing);
        Tensor documents = tensor((long[])[0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 4, 4, 4, 4, 4, 4], [2, 8]);
        Tensor positions = tensor((long[])[0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 0, 1, 2, 3, 4, 5], [2, 8]);
        Compare(decoder, TinyDecoders.Tokens(2, 8, seed: 3), TinyDecoders.Tokens(2, 8, seed: 4), positions, documents);
    }

    [Fact]
    public void TwoThreadsGiveTheSameEveryTime()
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(DecoderArchitecture.Qwen2);
        Tensor inputs = TinyDecoders.Tokens(5, 13, seed: 3), targets = TinyDecoders.Tokens(5, 13, seed: 4);
        try
        {
            TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = 2 });
            Compare(decoder, inputs, targets, null, null);
            float[] first = TinyDecoders.Gradients(decoder);
            ByFusedPass(decoder, inputs, targets, null, null);
            Assert.Equal(first, TinyDecoders.Gradients(decoder));
        }
        finally
        {
            TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = 1 });
        }
    }

    [Fact]
    public void ADocumentInTwoPiecesIsLeftToAutomaticDifferentiation()
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(DecoderArchitecture.Llama);
        Tensor documents = tensor((long[])[0, 0, 1, 1, 0, 0], [1, 6]);
        Compare(decoder, TinyDecoders.Tokens(1, 6, seed: 3), TinyDecoders.Tokens(1, 6, seed: 4), null, documents);
    }

    [Theory, MemberData(nameof(DecoderTests.Families), MemberType = typeof(DecoderTests))]
    public void BFloat16GradientsAreAsCloseAsAutomaticDifferentiations(DecoderArchitecture family)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inputs = TinyDecoders.Tokens(3, 16, seed: 6), targets = TinyDecoders.Tokens(3, 16, seed: 7);
        using Decoder exact = TinyDecoders.Build(family), rounded = TinyDecoders.Build(family, compute: ComputeType.BFloat16);
        double reference = ByAutomaticDifferentiation(exact, inputs, targets, null, null);
        double fused = ByFusedPass(rounded, inputs, targets, null, null);
        Assert.Equal(reference / 48, fused / 48, 0.02);
        Tensor a = exact.Store.Gradients, b = rounded.Store.Gradients;
        double cosine = ((a * b).sum() / (a.norm() * b.norm())).item<float>();
        Assert.InRange(cosine, 0.999, 1.0001);
    }

    [Theory, InlineData(DecoderArchitecture.Gpt2, false), InlineData(DecoderArchitecture.Qwen3, true)]
    public void WithDropoutTheGradientIsTheSlopeOfTheLossForTheSameChoices(DecoderArchitecture family, bool checkpointing)
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(family, dropout: 0.3, checkpointing: checkpointing);
        Tensor inputs = TinyDecoders.Tokens(4, 20, seed: 8), targets = TinyDecoders.Tokens(4, 20, seed: 9);
        decoder.ZeroGradients();
        double Loss()
        {
            manual_seed(17);
            return decoder.AccumulateGradients(inputs, targets);
        }

        double loss = Loss();
        Tensor gradient = decoder.Store.Gradients.clone();
        Assert.Equal(loss, Loss());
        decoder.SetTraining(false);
        Assert.NotEqual(loss, Loss(), 1.0);
        decoder.SetTraining(true);

        // The slope along a random direction in each tensor.
        using Generator generator = new(5, CPU);
        foreach (NamedParameter parameter in decoder.Parameters)
        {
            using IDisposable detached = no_grad();
            Tensor direction = empty(parameter.Value.shape).normal_(0, 1, generator);
            direction = direction / direction.norm();
            Tensor part = gradient.narrow(0, decoder.Store.Offset(parameter.Name), parameter.Value.numel()).view(parameter.Value.shape);
            double expected = (part * direction).sum().item<float>();
            const double Step = 0.01;
            parameter.Value.add_(direction, Step);
            double above = Loss();
            parameter.Value.add_(direction, -2 * Step);
            double below = Loss();
            parameter.Value.add_(direction, Step);
            Assert.Equal(expected, (above - below) / (2 * Step), 0.05 + (0.02 * part.norm().item<float>()));
        }
    }

    [Fact]
    public void GradientsAccumulateAndEvaluationLeavesThemAlone()
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(DecoderArchitecture.Gpt2);
        Tensor inputs = TinyDecoders.Tokens(2, 10, seed: 1), targets = TinyDecoders.Tokens(2, 10, seed: 2);
        double once = ByFusedPass(decoder, inputs, targets, null, null);
        float[] single = TinyDecoders.Gradients(decoder);
        decoder.AccumulateGradients(inputs, targets);
        float[] twice = TinyDecoders.Gradients(decoder);
        Assert.InRange(TinyDecoders.RelativeDifference([.. single.Select(value => 2 * value)], twice), 0, 1e-6);
        using (no_grad())
            Assert.Equal((float)once, decoder.LossSum(inputs, targets).item<float>());
        Assert.Equal(twice, TinyDecoders.Gradients(decoder));
    }

    [Fact]
    public void TokensOutOfRangeAreRefused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(DecoderArchitecture.Gpt2);
        Tensor tokens = TinyDecoders.Tokens(1, 4, seed: 1), wrong = full([1, 4], 37, ScalarType.Int64);
        Assert.Throws<ArgumentException>(() => decoder.AccumulateGradients(wrong, tokens));
        Assert.Throws<ArgumentException>(() => decoder.AccumulateGradients(tokens, wrong));
        Assert.Throws<ArgumentException>(() => decoder.AccumulateGradients(tokens, tokens, positions: wrong));
    }

    private static void Compare(Decoder decoder, Tensor inputs, Tensor targets, Tensor? positions, Tensor? documents)
    {
        double expected = ByAutomaticDifferentiation(decoder, inputs, targets, positions, documents);
        float[] expectedGradients = TinyDecoders.Gradients(decoder);
        double actual = ByFusedPass(decoder, inputs, targets, positions, documents);
        float[] actualGradients = TinyDecoders.Gradients(decoder);
        Assert.Equal(expected, actual, 1e-5 * Math.Abs(expected));
        foreach (NamedParameter parameter in decoder.Parameters)
        {
            int offset = (int)decoder.Store.Offset(parameter.Name), count = (int)parameter.Value.numel();
            // Some gradients are exactly 0 in theory (a query with one key to see), and then only noise has a relative error.
            float[] e = expectedGradients[offset..(offset + count)], a = actualGradients[offset..(offset + count)];
            double scale = Math.Max(0.1, e.Max(Math.Abs)), difference = e.Zip(a, (x, y) => Math.Abs(x - y)).Max() / scale;
            Assert.True(difference < 3e-5, $"{parameter.Name}: gradients differ by {difference}");
        }
    }

    private static double ByAutomaticDifferentiation(Decoder decoder, Tensor inputs, Tensor targets, Tensor? positions, Tensor? documents)
    {
        decoder.ZeroGradients();
        Tensor loss = decoder.LossSum(inputs, targets, positions, documents);
        loss.backward();
        return loss.item<float>();
    }

    private static double ByFusedPass(Decoder decoder, Tensor inputs, Tensor targets, Tensor? positions, Tensor? documents)
    {
        decoder.ZeroGradients();
        return decoder.AccumulateGradients(inputs, targets, positions, documents);
    }

    private static TheoryData<DecoderArchitecture, bool, bool> Combine()
    {
        TheoryData<DecoderArchitecture, bool, bool> cases = [];
        foreach (DecoderArchitecture family in Enum.GetValues<DecoderArchitecture>())
        {
            cases.Add(family, true, false);
            cases.Add(family, false, true);
        }

        return cases;
    }
}
