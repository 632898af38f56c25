using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models;
using Ashlar.Training.Models.Recurrent;
using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models.Recurrent;

/// <summary>The fused pass through time against automatic differentiation.</summary>
public sealed class FusedRecurrentTests
{
    public static TheoryData<RecurrentCell, int, bool> Shapes { get; } = Combine();

    [Theory, MemberData(nameof(Shapes))]
    public void Loss_gradients_and_state_equal_automatic_differentiation(RecurrentCell cell, int layers, bool tied)
    {
        RecurrentConfiguration configuration = TinyRecurrent.Configuration(cell, layers, tied);
        foreach ((long rows, long length) in ((long, long)[])[(3, 7), (1, 1), (5, 4)]) // shapes change from call to call
            Compare(configuration, rows, length);
    }

    [Theory, MemberData(nameof(TinyRecurrent.Cells), MemberType = typeof(TinyRecurrent))]
    public void One_hot_input_no_biases(RecurrentCell cell) =>
        Compare(TinyRecurrent.Configuration(cell) with { EmbeddingWidth = 0, Bias = false, ProjectionBias = false, InputDropout = 0.3 }, 4, 6);

    [Theory, MemberData(nameof(TinyRecurrent.Cells), MemberType = typeof(TinyRecurrent))]
    public void Starts_within_the_batch(RecurrentCell cell) =>
        Compare(TinyRecurrent.Configuration(cell), 3, 5, tensor((long[])[3, 4, 0, 1, 2, 0, 1, 2, 3, 4, 7, 0, 0, 1, 0], [3, 5]));

    [Theory, MemberData(nameof(TinyRecurrent.Cells), MemberType = typeof(TinyRecurrent))]
    public void Every_kind_of_dropout(RecurrentCell cell)
    {
        RecurrentConfiguration plain = TinyRecurrent.Configuration(cell, layers: 3) with { InputDropout = 0.2, LayerDropout = 0.3, OutputDropout = 0.4 };
        Compare(plain, 4, 6);
        Compare(plain with { VariationalDropout = true, EmbeddingDropout = 0.25, WeightDrop = 0.5 }, 4, 6);
    }

    [Fact]
    public void Two_threads_give_the_same_every_time()
    {
        RecurrentConfiguration configuration = TinyRecurrent.Configuration(RecurrentCell.Lstm);
        using RecurrentLanguageModel model = TinyRecurrent.Build(configuration);
        Tensor inputs = TinyRecurrent.Tokens(5, 6, seed: 3), targets = TinyRecurrent.Tokens(5, 6, seed: 4);
        float[] alone = Pass(model, inputs, targets);
        try
        {
            TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = 2 });
            float[] first = Pass(model, inputs, targets);
            TinyRecurrent.Close(alone, first, 1e-5);
            Assert.Equal(first, Pass(model, inputs, targets));
        }
        finally
        {
            TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = 1 });
        }
    }

    [Fact]
    public void BFloat16_products_of_the_projection_keep_the_gradient_s_direction()
    {
        RecurrentConfiguration configuration = TinyRecurrent.Configuration(RecurrentCell.Lstm, tied: true);
        Tensor inputs = TinyRecurrent.Tokens(5, 8, seed: 3), targets = TinyRecurrent.Tokens(5, 8, seed: 4);
        using RecurrentLanguageModel exact = TinyRecurrent.Build(configuration), rounded = TinyRecurrent.Build(configuration, compute: ComputeType.BFloat16);
        float[] a = Pass(exact, inputs, targets), b = Pass(rounded, inputs, targets);
        double cosine = a.Zip(b).Sum(pair => (double)pair.First * pair.Second)
            / Math.Sqrt(a.Sum(value => (double)value * value) * b.Sum(value => (double)value * value));
        Assert.InRange(cosine, 0.999, 1.0001);
        Assert.NotEqual(a, b);
    }

    [Fact]
    public void A_token_outside_the_vocabulary_is_refused()
    {
        using RecurrentLanguageModel model = TinyRecurrent.Build(TinyRecurrent.Configuration(RecurrentCell.Gru));
        Tensor wrong = full([1, 2], TinyRecurrent.Vocabulary, ScalarType.Int64);
        Assert.Throws<ArgumentException>(() => model.AccumulateGradients(wrong, wrong));
    }

    private static float[] Pass(RecurrentLanguageModel model, Tensor inputs, Tensor targets)
    {
        model.ZeroGradients();
        model.AccumulateGradients(inputs, targets);
        return TinyRecurrent.Gradients(model);
    }

    private static void Compare(RecurrentConfiguration configuration, long rows, long length, Tensor? positions = null)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inputs = TinyRecurrent.Tokens(rows, length, seed: 1), targets = TinyRecurrent.Tokens(rows, length, seed: 2);
        if (length > 3)
            targets.narrow(1, 1, 2).fill_(TrainableModel.IgnoredTarget);
        using RecurrentLanguageModel fused = TinyRecurrent.Build(configuration), reference = TinyRecurrent.Build(configuration, fused: false);
        (double loss, float[] gradients, float[] state) expected = Run(reference), actual = Run(fused);
        Assert.Equal(expected.loss, actual.loss, 1e-5 * expected.loss);
        TinyRecurrent.Close(expected.state, actual.state, 1e-5);
        foreach (NamedParameter parameter in fused.Parameters) // each for itself: a small one must not hide behind a large one
        {
            int at = (int)fused.Store.Offset(parameter.Name), count = (int)parameter.Value.numel();
            TinyRecurrent.Close(expected.gradients[at..(at + count)], actual.gradients[at..(at + count)], 1e-5);
        }

        (double, float[], float[]) Run(RecurrentLanguageModel model)
        {
            manual_seed(11); // of dropout
            using RecurrentState state = model.NewState((int)rows);
            using (Generator generator = new(13, CPU))
            {
                state.Hidden.normal_(0, 0.5, generator);
                state.Memory?.normal_(0, 0.5, generator);
            }

            model.ZeroGradients();
            double loss = model.AccumulateGradients(state, inputs, targets, positions);
            return (loss, TinyRecurrent.Gradients(model), [.. state.Hidden.data<float>(), .. state.Memory?.data<float>().ToArray() ?? []]);
        }
    }

    private static TheoryData<RecurrentCell, int, bool> Combine()
    {
        TheoryData<RecurrentCell, int, bool> cases = [];
        foreach (RecurrentCell cell in Enum.GetValues<RecurrentCell>())
        {
            foreach (int layers in (int[])[1, 3])
            {
                cases.Add(cell, layers, false);
                cases.Add(cell, layers, true);
            }
        }

        return cases;
    }
}
