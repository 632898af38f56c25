using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models;
using Ashlar.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Optimizers;

public sealed class OptimizerTests
{
    private static readonly AdamWOptions Options = new() { Beta1 = 0.9, Beta2 = 0.99, Epsilon = 1e-8, WeightDecay = 0.1 };

    [Theory, InlineData(1.0, true), InlineData(0.25, true), InlineData(1.0, false)]
    public void AdamWEqualsItsFormulaOverTenSteps(double gradientScale, bool decayEmbeddings)
    {
        using ParameterStore store = Store();
        using AdamW optimizer = new(store.Parameters, Options with { DecayEmbeddings = decayEmbeddings });
        Dictionary<string, double[][]> expected = store.Parameters.ToDictionary(
            parameter => parameter.Name, parameter => new double[][] { Values(parameter.Value), new double[parameter.Value.numel()], new double[parameter.Value.numel()] });
        Random random = new(3);
        for (int step = 1; step <= 10; step++)
        {
            double rate = 0.01 / step;
            store.ZeroGradients();
            foreach (NamedParameter parameter in store.Parameters)
            {
                float[] gradient = [.. Enumerable.Range(0, (int)parameter.Value.numel()).Select(_ => (float)(random.NextDouble() - 0.4))];
                using Tensor view = parameter.Gradient!;
                using Tensor source = tensor(gradient, parameter.Value.shape);
                view.copy_(source);
                double[][] state = expected[parameter.Name];
                bool decays = parameter.Kind == ParameterKind.Matrix || (parameter.Kind == ParameterKind.Embedding && decayEmbeddings);
                for (int i = 0; i < gradient.Length; i++)
                {
                    double g = gradient[i] * gradientScale;
                    state[1][i] = (0.9 * state[1][i]) + (0.1 * g);
                    state[2][i] = (0.99 * state[2][i]) + (0.01 * g * g);
                    double corrected = state[1][i] / (1 - Math.Pow(0.9, step));
                    double root = Math.Sqrt(state[2][i] / (1 - Math.Pow(0.99, step)));
                    state[0][i] = (state[0][i] * (decays ? 1 - (rate * 0.1) : 1)) - (rate * corrected / (root + 1e-8));
                }
            }

            optimizer.Step(rate, gradientScale);
        }

        foreach (NamedParameter parameter in store.Parameters)
            AssertClose(expected[parameter.Name][0], Values(parameter.Value), 1e-6);
        Assert.Equal(10f, optimizer.State["step"].item<float>());
        Assert.Contains("second_moment.bias", optimizer.State.Keys);
    }

    [Fact]
    public void RestoredStateContinuesBitForBit()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Func<IReadOnlyList<NamedParameter>, IOptimizer> create in (Func<IReadOnlyList<NamedParameter>, IOptimizer>[])
            [parameters => new AdamW(parameters), parameters => new Muon(parameters), parameters => new StochasticGradientDescent(parameters)])
        {
            using ParameterStore once = Store(), twice = Store();
            using IOptimizer whole = create(once.Parameters), first = create(twice.Parameters), second = create(twice.Parameters);
            for (int step = 0; step < 6; step++)
            {
                Fill(once, step);
                whole.Step(0.01);
                Fill(twice, step);
                (step < 3 ? first : second).Step(0.01);
                if (step == 2)
                {
                    foreach ((string name, Tensor tensor) in first.State)
                        second.State[name].copy_(tensor);
                }
            }

            Assert.Equal(Values(once.Values), Values(twice.Values));
        }
    }

    [Fact]
    public void MomentumEqualsItsFormula()
    {
        using ParameterStore store = Store();
        using StochasticGradientDescent optimizer = new(store.Parameters, momentum: 0.8);
        double[] expected = Values(store.Values), velocity = new double[expected.Length];
        for (int step = 0; step < 4; step++)
        {
            Fill(store, step);
            double[] gradient = Values(store.Gradients);
            for (int i = 0; i < expected.Length; i++)
            {
                velocity[i] = (0.8 * velocity[i]) + (0.5 * gradient[i]);
                expected[i] -= 0.1 * velocity[i];
            }

            optimizer.Step(0.1, gradientScale: 0.5);
        }

        AssertClose(expected, Values(store.Values), 1e-6);
    }

    [Theory, InlineData(12, 20), InlineData(20, 12), InlineData(16, 16)]
    public void OrthogonalizedMatricesHaveSingularValuesNearOne(int rows, int columns)
    {
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(4, CPU);
        Tensor matrix = empty(rows, columns).normal_(0, 1, generator);
        Tensor orthogonal = Muon.Orthogonalize(matrix, 5);
        Tensor singular = linalg.svdvals(orthogonal);
        Assert.InRange(singular.max().item<float>(), 0.6, 1.3);
        if (rows != columns) // a square matrix may have singular values too small to lift in five iterations
            Assert.InRange(singular.min().item<float>(), 0.6, 1.3);

        // The singular vectors stay: orthogonal · matrixᵀ is then symmetric.
        Tensor product = orthogonal.mm(matrix.t());
        Assert.InRange((product - product.t()).norm().item<float>() / product.norm().item<float>(), 0, 0.03);
    }

    [Fact]
    public void MuonMovesMatricesByItsFormulaAndLeavesTheRestToAdamW()
    {
        using DisposeScope scope = NewDisposeScope();
        using ParameterStore store = Store(), other = Store();
        MuonOptions options = new() { LearningRateRatio = 20, WeightDecay = 0.2, Momentum = 0.9, AdamW = Options };
        using Muon muon = new(store.Parameters, options);
        using AdamW adamW = new([.. other.Parameters.Where(parameter => parameter.Kind != ParameterKind.Matrix)], Options);
        Tensor weight = store["matrix"].Value.detach().clone(), momentum = zeros_like(weight);
        for (int step = 0; step < 3; step++)
        {
            Fill(store, step);
            Fill(other, step);
            Tensor gradient = store["matrix"].Gradient!.clone();
            momentum = (momentum * 0.9) + (gradient * 0.1);
            Tensor nesterov = (gradient * 0.1) + (momentum * 0.9);
            // [out, in] = [6, 4]: the step is scaled by sqrt(6 / 4).
            weight = (weight * (1 - (0.02 * 0.2))) - (0.02 * Math.Sqrt(1.5) * Muon.Orthogonalize(nesterov, 5));
            muon.Step(0.001);
            adamW.Step(0.001);
        }

        AssertClose(Values(weight), Values(store["matrix"].Value), 1e-5);
        foreach (string name in (string[])["embedding", "bias"])
            Assert.Equal(Values(other[name].Value), Values(store[name].Value));
    }

    [Fact]
    public void StackedMatricesAreOrthogonalizedOneByOne()
    {
        using DisposeScope scope = NewDisposeScope();
        using ParameterStore store = new([(new TensorDescription("h.c_attn.weight", [4, 12]), ParameterKind.Matrix, true)], CPU);
        using Muon muon = new(store.Parameters, new MuonOptions { LearningRateRatio = 1 });
        Fill(store, 1);
        Tensor gradient = store.Gradients.view(4, 12).clone() * ((0.05 * 0.95) + 0.05);
        muon.Step(1);
        Tensor expected = cat([.. gradient.chunk(3, 1).Select(part => -Muon.Orthogonalize(part, 5))], 1);
        AssertClose(Values(expected), Values(store.Values), 0.02);
    }

    [Fact]
    public void TheGlobalNormIsThatOfAllGradientsTogether()
    {
        using ParameterStore store = Store();
        Fill(store, 0);
        double expected = Math.Sqrt(Values(store.Gradients).Sum(value => value * value));
        Assert.Equal(expected, GradientNorm.Of(store.Parameters), 1e-5);
        Assert.Equal(1, GradientNorm.ClippingFactor(0.5, limit: 1));
        Assert.Equal(0.25, GradientNorm.ClippingFactor(4, limit: 1));
    }

    [Fact]
    public void TheAverageFollowsItsFormulaAndExchangesWithTheWeights()
    {
        using ParameterStore store = Store();
        using ExponentialMovingAverage average = new(store.Parameters, 0.9);
        double[] first = Values(store["matrix"].Value);
        using (no_grad())
            store.Values.add_(1);
        average.Update();
        double[] second = Values(store["matrix"].Value);
        average.Exchange();
        AssertClose([.. first.Zip(second, (a, b) => (0.9 * a) + (0.1 * b))], Values(store["matrix"].Value), 1e-6);
        average.Exchange();
        Assert.Equal(second, Values(store["matrix"].Value));
    }

    [Fact]
    public void ATinyDecoderLearnsABatchByHeart()
    {
        foreach (bool muon in (bool[])[false, true])
        {
            using DisposeScope scope = NewDisposeScope();
            using Decoder decoder = new(Models.TinyDecoders.Configuration(DecoderArchitecture.Qwen3), new DecoderOptions { Seed = 1 });
            using IOptimizer optimizer = muon
                ? new Muon(decoder.Parameters, new MuonOptions { LearningRateRatio = 5 })
                : new AdamW(decoder.Parameters, new AdamWOptions { WeightDecay = 0 });
            Tensor inputs = Models.TinyDecoders.Tokens(2, 12, seed: 1), targets = Models.TinyDecoders.Tokens(2, 12, seed: 2);
            double first = 0, last = 0;
            for (int step = 0; step < 60; step++)
            {
                using DisposeScope inner = NewDisposeScope();
                decoder.ZeroGradients();
                Tensor loss = decoder.LossSum(inputs, targets);
                loss.backward();
                last = loss.item<float>() / 24;
                first = step == 0 ? last : first;
                optimizer.Step(0.005, (1 / 24.0) * GradientNorm.ClippingFactor(GradientNorm.Of(decoder.Parameters) / 24, 1));
            }

            Assert.Equal(Math.Log(37), first, 0.1);
            Assert.InRange(last, 0, 0.1);
        }
    }

    private static ParameterStore Store()
    {
        ParameterStore store = new(
            [
                (new TensorDescription("embedding", [5, 4]), ParameterKind.Embedding, false),
                (new TensorDescription("matrix", [6, 4]), ParameterKind.Matrix, false),
                (new TensorDescription("bias", [6]), ParameterKind.Vector, false),
            ],
            CPU);
        using Generator generator = new(9, CPU);
        using IDisposable detached = no_grad();
        store.Values.normal_(0, 1, generator);
        return store;
    }

    private static void Fill(ParameterStore store, int step)
    {
        using Generator generator = new((ulong)(50 + step), CPU);
        using IDisposable detached = no_grad();
        store.Gradients.normal_(0, 1, generator);
    }

    private static double[] Values(Tensor tensor)
    {
        using Tensor detached = tensor.detach();
        using Tensor plain = detached.contiguous();
        return [.. plain.data<float>().ToArray().Select(value => (double)value)];
    }

    private static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance);
    }
}
