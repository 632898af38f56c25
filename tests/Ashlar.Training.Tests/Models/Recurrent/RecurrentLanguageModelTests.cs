using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Training.Models;
using Ashlar.Training.Models.Recurrent;
using Ashlar.Training.Optimizers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using AdamW = Ashlar.Training.Optimizers.AdamW;
using RecurrentState = Ashlar.Training.Models.Recurrent.RecurrentState;

namespace Ashlar.Training.Tests.Models.Recurrent;

public sealed class RecurrentLanguageModelTests
{
    public static TheoryData<RecurrentCell, int, bool> Shapes => FusedRecurrentTests.Shapes;

    [Theory, MemberData(nameof(TinyRecurrent.Cells), MemberType = typeof(TinyRecurrent))]
    public void Logits_equal_those_of_torch_s_own_modules(RecurrentCell cell)
    {
        using DisposeScope scope = NewDisposeScope();
        using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(cell));
        Tensor inputs = TinyRecurrent.Tokens(3, 6, seed: 1);
        Dictionary<string, Tensor> weights = model.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
        Tensor x = weights["encoder.weight"].index_select(0, inputs.t().reshape(-1)).view(6, 3, -1);
        Tensor output = OwnModule(cell, model.Configuration, weights, x);
        Tensor expected = nn.functional.linear(output, weights["decoder.weight"], weights["decoder.bias"]).transpose(0, 1);
        using IDisposable detached = no_grad();
        TinyRecurrent.Close(
            expected.contiguous().data<float>().ToArray(), model.Logits(inputs).contiguous().data<float>().ToArray(), 1e-5);
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Logits_equal_the_runtime_graph_s(RecurrentCell cell, int layers, bool tied)
    {
        using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(cell, layers, tied));
        long[] ids = TinyRecurrent.Tokens(1, 9, seed: 1).data<long>().ToArray();
        float[] expected;
        using (no_grad())
            expected = model.Logits(tensor(ids, [1, 9])).contiguous().data<float>().ToArray();
        using MemoryTensorSource weights = model.CopyWeights();
        using RecurrentGraph graph = RecurrentGraph.Load(model.Configuration, weights, threadCount: 1);
        using LanguageModelState state = graph.NewState();
        float[] actual = new float[9 * TinyRecurrent.Vocabulary];
        graph.Advance([state], [Array.ConvertAll(ids, id => (int)id)], actual, LogitsSelection.All);
        TinyRecurrent.Close(expected, actual, 1e-5);
    }

    [Theory, MemberData(nameof(TinyRecurrent.Cells), MemberType = typeof(TinyRecurrent))]
    public void Chunks_with_carried_state_equal_one_pass(RecurrentCell cell)
    {
        using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(cell));
        Tensor inputs = TinyRecurrent.Tokens(3, 12, seed: 1), targets = TinyRecurrent.Tokens(3, 12, seed: 2);
        using IDisposable detached = no_grad();
        double whole = model.LossSum(inputs, targets).item<float>();
        using RecurrentState state = model.NewState(3);
        double parts = 0;
        foreach ((long start, long length) in ((long, long)[])[(0, 5), (5, 1), (6, 6)])
            parts += model.LossSum(state, inputs.narrow(1, start, length), targets.narrow(1, start, length)).item<float>();
        Assert.Equal(whole, parts, 1e-6 * whole);

        using RecurrentState fresh = model.NewState(3);
        double withoutCarrying = 0;
        foreach (long start in (long[])[0, 6])
        {
            fresh.Reset();
            withoutCarrying += model.LossSum(fresh, inputs.narrow(1, start, 6), targets.narrow(1, start, 6)).item<float>();
        }

        Assert.NotEqual(whole, withoutCarrying, 1e-3 * whole);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_gradient_crosses_the_cut(bool fused)
    {
        using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(RecurrentCell.Lstm), fused);
        using RecurrentState state = model.NewState(2);
        Tensor before = TinyRecurrent.Tokens(2, 5, seed: 1, high: 10), after = TinyRecurrent.Tokens(2, 5, seed: 2, low: 10);
        Tensor ignored = full([2, 5], TrainableModel.IgnoredTarget, ScalarType.Int64);
        model.ZeroGradients();
        model.AccumulateGradients(state, before, ignored);
        model.AccumulateGradients(state, after, after);
        using Tensor gradient = model.Parameters.Single(parameter => parameter.Name == "encoder.weight").Gradient!;
        Assert.Equal(0, gradient.narrow(0, 0, 10).abs().max().item<float>());
        Assert.True(gradient.narrow(0, 10, 13).abs().max().item<float>() > 0);

        // In one piece the same targets do reach the earlier words.
        model.ZeroGradients();
        model.AccumulateGradients(cat([before, after], 1), cat([ignored, after], 1));
        Assert.True(gradient.narrow(0, 0, 10).abs().max().item<float>() > 0);
    }

    [Fact]
    public void A_start_forgets_what_was_before_it()
    {
        using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(RecurrentCell.Gru));
        Tensor inputs = TinyRecurrent.Tokens(1, 8, seed: 1), positions = tensor((long[])[0, 1, 2, 3, 0, 1, 2, 3], [1, 8]);
        using IDisposable detached = no_grad();
        float[] together = model.Logits(inputs, positions).narrow(1, 4, 4).contiguous().data<float>().ToArray();
        Assert.Equal(model.Logits(inputs.narrow(1, 4, 4)).contiguous().data<float>().ToArray(), together);
    }

    [Theory, MemberData(nameof(TinyRecurrent.Cells), MemberType = typeof(TinyRecurrent))]
    public void Two_sentences_are_learnt_by_heart(RecurrentCell cell)
    {
        using RecurrentLanguageModel model = new(TinyRecurrent.Configuration(cell) with { HiddenWidth = 32 }, new RecurrentOptions { Seed = 3 });
        Tensor text = TinyRecurrent.Tokens(2, 13, seed: 9, low: 2);
        text.narrow(1, 0, 1).copy_(tensor((long[])[0, 1], [2, 1])); // they begin differently
        Tensor inputs = text.narrow(1, 0, 12), targets = text.narrow(1, 1, 12);
        using AdamW optimizer = new(model.Parameters, new AdamWOptions { WeightDecay = 0 });
        double loss = double.MaxValue;
        for (int step = 0; step < 300 && loss > 0.005; step++)
        {
            model.ZeroGradients();
            loss = model.AccumulateGradients(inputs, targets) / 24;
            optimizer.Step(0.01, 1.0 / 24);
        }

        Assert.InRange(loss, 0, 0.01);
    }

    [Theory, MemberData(nameof(TinyRecurrent.Cells), MemberType = typeof(TinyRecurrent))]
    public void Each_tensor_matters(RecurrentCell cell)
    {
        using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(cell, layers: 3));
        Tensor inputs = TinyRecurrent.Tokens(2, 6, seed: 1), targets = TinyRecurrent.Tokens(2, 6, seed: 2);
        using IDisposable detached = no_grad();
        float before = model.LossSum(inputs, targets).item<float>();
        foreach (NamedParameter parameter in model.Parameters)
        {
            using Tensor kept = parameter.Value.clone();
            parameter.Value.narrow(0, 0, Math.Max(1, parameter.Value.shape[0] - 1)).zero_();
            Assert.NotEqual(before, model.LossSum(inputs, targets).item<float>());
            parameter.Value.copy_(kept);
        }
    }

    [Fact]
    public void A_tied_weight_takes_one_step_of_the_rate_times_the_sum_of_both_gradients()
    {
        using RecurrentLanguageModel tied = TinyRecurrent.Build(TinyRecurrent.Configuration(RecurrentCell.Lstm, tied: true));
        RecurrentConfiguration apart = TinyRecurrent.Configuration(RecurrentCell.Lstm, tied: true) with { TieEmbeddings = false };
        using RecurrentLanguageModel two = TinyRecurrent.Build(apart);
        using (no_grad())
        {
            foreach (NamedParameter parameter in two.Parameters)
                parameter.Value.copy_(tied.Store[parameter.Name == "decoder.weight" ? "encoder.weight" : parameter.Name].Value);
        }

        Tensor inputs = TinyRecurrent.Tokens(2, 6, seed: 1), targets = TinyRecurrent.Tokens(2, 6, seed: 2);
        foreach (RecurrentLanguageModel model in (RecurrentLanguageModel[])[tied, two])
        {
            model.ZeroGradients();
            model.AccumulateGradients(inputs, targets);
        }

        Tensor before = tied.Store["encoder.weight"].Value.detach().clone();
        using Tensor input = two.Store["encoder.weight"].Gradient!, output = two.Store["decoder.weight"].Gradient!;
        using StochasticGradientDescent optimizer = new(tied.Parameters, momentum: 0);
        optimizer.Step(0.1);
        using IDisposable detached = no_grad();
        Tensor expected = before - (0.1 * (input + output));
        TinyRecurrent.Close(expected.data<float>().ToArray(), tied.Store["encoder.weight"].Value.detach().data<float>().ToArray(), 1e-6);
    }

    [Fact]
    public void Dropout_acts_in_training_only()
    {
        RecurrentConfiguration configuration = TinyRecurrent.Configuration(RecurrentCell.Lstm) with { WeightDrop = 0.5, OutputDropout = 0.5 };
        using RecurrentLanguageModel model = TinyRecurrent.Build(configuration), plain = TinyRecurrent.Build(TinyRecurrent.Configuration(RecurrentCell.Lstm));
        Tensor inputs = TinyRecurrent.Tokens(2, 6, seed: 1), targets = TinyRecurrent.Tokens(2, 6, seed: 2);
        using IDisposable detached = no_grad();
        float expected = plain.LossSum(inputs, targets).item<float>();
        Assert.NotEqual(expected, model.LossSum(inputs, targets).item<float>());
        Assert.NotEqual(model.LossSum(inputs, targets).item<float>(), model.LossSum(inputs, targets).item<float>());
        model.SetTraining(false);
        Assert.Equal(expected, model.LossSum(inputs, targets).item<float>());
    }

    [Fact]
    public void A_variational_mask_is_the_same_at_every_step_and_a_plain_one_is_not()
    {
        RecurrentConfiguration configuration = TinyRecurrent.Configuration(RecurrentCell.RnnTanh) with { InputDropout = 0.5 };
        foreach (bool variational in (bool[])[true, false])
        {
            RecurrentDropout dropout = new(configuration with { VariationalDropout = variational }, rows: 2, seed: 77, training: true);
            float[] first = Mask(dropout, 0, 0), second = Mask(dropout, 1, 0), other = Mask(dropout, 0, 1);
            Assert.Equal(variational, first.SequenceEqual(second));
            Assert.NotEqual(first, other);
            Assert.InRange(first.Count(value => value == 0), 300, 700);
            Assert.All(first, value => Assert.True(value is 0 or 2));
        }

        static float[] Mask(RecurrentDropout dropout, int step, int row)
        {
            float[] values = [.. Enumerable.Repeat(1f, 1000)];
            dropout.Apply(DropoutPlace.Inputs, 0, step, row, values);
            return values;
        }
    }

    [Fact]
    public void Saved_and_loaded_it_is_the_same()
    {
        string folder = Directory.CreateTempSubdirectory("ashlar-recurrent-").FullName;
        try
        {
            using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(RecurrentCell.Gru, tied: true));
            model.Save(folder);
            RecurrentConfiguration configuration = RecurrentConfiguration.Load(Path.Combine(folder, "config.json"));
            using RecurrentLanguageModel other = new(configuration, new RecurrentOptions { Seed = 99 });
            using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, "model.safetensors")))
                other.Load(file);
            Assert.Equal(model.Store.Values.data<float>().ToArray(), other.Store.Values.data<float>().ToArray());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Tensor OwnModule(RecurrentCell cell, RecurrentConfiguration c, Dictionary<string, Tensor> weights, Tensor x)
    {
        nn.Module module = cell switch
        {
            RecurrentCell.Lstm => nn.LSTM(c.EmbeddingWidth, c.HiddenWidth, c.LayerCount),
            RecurrentCell.Gru => nn.GRU(c.EmbeddingWidth, c.HiddenWidth, c.LayerCount),
            _ => nn.RNN(c.EmbeddingWidth, c.HiddenWidth, c.LayerCount, cell == RecurrentCell.RnnTanh ? nn.NonLinearities.Tanh : nn.NonLinearities.ReLU),
        };
        using IDisposable detached = no_grad();
        foreach ((string name, Parameter parameter) in module.named_parameters())
            parameter.copy_(weights["rnn." + name]);
        return module switch
        {
            LSTM lstm => lstm.call(x).Item1,
            GRU gru => gru.call(x).Item1,
            _ => ((RNN)module).call(x).Item1,
        };
    }
}
