using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Models;
using Ashlar.Training.Models.Transformer;
using Ashlar.Training.Native;
using Ashlar.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

/// <summary>The encoder-decoder Transformer: the fused pass against automatic differentiation, and what neither may get wrong.</summary>
public sealed class TransformerTests
{
    public static TheoryData<string> Kinds => TinyTranslation.TransformerKinds;

    [Theory, MemberData(nameof(Kinds))]
    public void The_fused_pass_equals_automatic_differentiation(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using TransformerModel fused = TinyTranslation.Build(TinyTranslation.TransformerOf(kind));
        using TransformerModel plain = TinyTranslation.Build(TinyTranslation.TransformerOf(kind), fused: false);
        foreach (double smoothing in (double[])[0, 0.1])
        {
            // Shapes change from call to call; one sentence is longer than a block of queries and than a panel of keys.
            foreach ((int, int)[] lengths in ((int, int)[][])[[(5, 3), (1, 1), (7, 9)], [(40, 3), (2, 37)], [(1, 0)], [(5, 3), (1, 1), (7, 9)]])
            {
                ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, lengths));
                plain.ZeroGradients();
                fused.ZeroGradients();
                double expected = plain.AccumulateGradients(batch, smoothing), actual = fused.AccumulateGradients(batch, smoothing);
                Assert.Equal(expected, actual, 1e-5 * expected);
                (double difference, string name) = TinyTranslation.Compare(TinyTranslation.Gradients(plain), TinyTranslation.Gradients(fused));
                Assert.True(difference < 1e-5, $"{name} differs by {difference}");
            }
        }
    }

    [Fact]
    public void The_fused_pass_in_bfloat16_is_as_close_as_rounding_allows()
    {
        using DisposeScope scope = NewDisposeScope();
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.SourceVocabulary, (5, 3), (1, 1), (7, 9)));
        foreach (string kind in (string[])["published", "rotary-swiglu"])
        {
            using TransformerModel exact = TinyTranslation.Build(TinyTranslation.TransformerOf(kind));
            using TransformerModel rounded = TinyTranslation.Build(TinyTranslation.TransformerOf(kind), compute: ComputeType.BFloat16);
            Assert.Equal(exact.AccumulateGradients(batch) / 16, rounded.AccumulateGradients(batch) / 16, 0.05);
            Tensor a = exact.Store.Gradients, b = rounded.Store.Gradients;
            Assert.InRange(((a * b).sum() / (a.norm() * b.norm())).item<float>(), 0.99, 1.0001);
        }
    }

    [Fact]
    public void Two_threads_give_the_same_every_time()
    {
        using TransformerModel model = TinyTranslation.Build(TinyTranslation.Transformer);
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.SourceVocabulary, (5, 3), (4, 4), (7, 9)));
        try
        {
            model.AccumulateGradients(batch);
            Dictionary<string, float[]> one = TinyTranslation.Gradients(model);
            TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = 2 });
            model.ZeroGradients();
            model.AccumulateGradients(batch);
            Dictionary<string, float[]> first = TinyTranslation.Gradients(model);
            model.ZeroGradients();
            model.AccumulateGradients(batch);
            Assert.Equal(0, TinyTranslation.Compare(first, TinyTranslation.Gradients(model)).Difference);
            Assert.True(TinyTranslation.Compare(one, first).Difference < 1e-5);
        }
        finally
        {
            TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = 1 });
        }
    }

    [Theory]
    [InlineData(0.5, 0, 0)]
    [InlineData(0, 0.5, 0)]
    [InlineData(0, 0, 0.5)]
    public void Each_dropout_has_the_gradient_of_its_loss(double residual, double attention, double activation)
    {
        // With dropout drawn from a seed the loss is a function of the weights: its slope along the gradient is the gradient's length.
        TransformerConfiguration configuration = TinyTranslation.Transformer with
        {
            Dropout = residual,
            AttentionDropout = attention,
            ActivationDropout = activation,
            Activation = TransformerActivation.Gelu,
        };
        using TransformerModel model = TinyTranslation.Build(configuration);
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.SourceVocabulary, (5, 3), (4, 4), (7, 9)));
        manual_seed(3);
        double dropped = model.AccumulateGradients(batch);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable detached = no_grad();
        Tensor direction = model.Store.Gradients / model.Store.Gradients.norm();
        double slope = model.Store.Gradients.norm().item<float>();
        const double Step = 2e-3;
        double above = At(Step), below = At(-Step);
        Assert.Equal(slope, (above - below) / (2 * Step), 0.02 * slope);

        model.SetTraining(false);
        double whole = model.LossSum(batch).item<float>();
        Assert.NotEqual(whole, dropped, 1e-3);
        Assert.Equal(whole, model.LossSum(batch).item<float>());

        double At(double step)
        {
            model.Store.Values.add_(direction * step);
            manual_seed(3);
            double loss = model.LossSum(batch).item<float>();
            model.Store.Values.sub_(direction * step);
            return loss;
        }
    }

    [Fact]
    public void Gradients_of_cross_attention_projections_lie_side_by_side_as_one_matrix()
    {
        using TransformerModel model = TinyTranslation.Build(TinyTranslation.Transformer);
        long block = 24 * 24;
        long first = model.Store.Offset("model.decoder.layers.0.encoder_attn.k_proj.weight");
        Assert.Equal(first + block, model.Store.Offset("model.decoder.layers.0.encoder_attn.v_proj.weight"));
        Assert.Equal(first + (5 * block), model.Store.Offset("model.decoder.layers.2.encoder_attn.v_proj.weight"));
        Assert.Equal(TransformerTensors.CountParameters(model.Configuration), model.ParameterCount);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Saved_and_loaded_it_is_the_same_model(string kind)
    {
        using TemporaryFolder folder = new();
        using TransformerModel model = TinyTranslation.Build(TinyTranslation.TransformerOf(kind));
        model.Save(folder.Path);
        TransformerConfiguration configuration = TransformerConfiguration.Load(Path.Combine(folder.Path, "config.json"));
        using TransformerModel loaded = new(configuration, new TranslationModelOptions { Seed = 99 });
        using (var file = Checkpoints.Safetensors.SafetensorsFile.Open(Path.Combine(folder.Path, "model.safetensors")))
            loaded.Load(file);
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (5, 3), (7, 9)));
        Assert.Equal(model.AccumulateGradients(batch), loaded.AccumulateGradients(batch));
    }

    [Fact]
    public void Tied_weights_are_one_parameter_that_moves_by_one_step()
    {
        TransformerConfiguration configuration = TinyTranslation.TransformerOf("silu-shared");
        using TransformerModel model = TinyTranslation.Build(configuration);
        Assert.Single(model.Parameters, parameter => parameter.Value.shape is [TinyTranslation.TargetVocabulary, 24]);
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (5, 3)));
        model.AccumulateGradients(batch);
        NamedParameter shared = model.Parameters.Single(parameter => parameter.Name == "model.shared.weight");
        float[] before = TinyTranslation.Values(shared.Value), gradient = TinyTranslation.Gradients(model)["model.shared.weight"];
        using StochasticGradientDescent optimizer = new(model.Parameters, 0);
        optimizer.Step(0.1);
        float[] after = TinyTranslation.Values(shared.Value);
        for (int i = 0; i < before.Length; i++)
            Assert.Equal(before[i] - (0.1f * gradient[i]), after[i], 1e-6f);
    }
}
