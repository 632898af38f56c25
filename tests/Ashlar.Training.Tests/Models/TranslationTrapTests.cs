using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Inference;
using Ashlar.Inference.Models.RecurrentTranslation;
using Ashlar.Inference.Models.Transformer;
using Ashlar.Training.Models;
using Ashlar.Training.Models.RecurrentTranslation;
using Ashlar.Training.Models.Transformer;
using Ashlar.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

/// <summary>What encoder-decoders get wrong without a loss that shows it, on every architecture.</summary>
public sealed class TranslationTrapTests
{
    public static TheoryData<string> All { get; } =
    [
        .. ((string[])["published", "pre-norm", "rotary-swiglu", "learned-gelu", "silu-shared", "untied"]).Select(kind => "transformer " + kind),
        .. TinyRecurrent.Kinds.Select(kind => "recurrent " + kind),
    ];

    /// <summary>One of each kind of decoder: training until it knows two sentences takes some seconds.</summary>
    public static TheoryData<string> Learners { get; } =
    [
        "transformer published", "transformer rotary-swiglu",
        "recurrent none-copy-lstm", "recurrent none-feed-gru", "recurrent bahdanau-gru", "recurrent luong-dot-tanh", "recurrent luong-general-feeding",
        "recurrent luong-concat-relu", "recurrent gnmt-residual",
    ];

    [Theory, MemberData(nameof(All))]
    public void Padding_changes_neither_logits_nor_loss_nor_gradients(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using TranslationModel model = Build(kind);
        List<ParallelExample> examples = TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (2, 1), (9, 8), (5, 0));
        ParallelBatch together = TinyTranslation.Batch(examples);
        Tensor logits;
        using (no_grad())
            logits = model.Logits(together);
        double alone = 0;
        model.ZeroGradients();
        for (int i = 0; i < examples.Count; i++)
        {
            ParallelBatch single = TinyTranslation.Batch(examples, i);
            alone += model.AccumulateGradients(single);
            using (no_grad())
                AssertClose(model.Logits(single)[0], logits[i].narrow(0, 0, single.TargetLength), 1e-5);
        }

        Dictionary<string, float[]> expected = TinyTranslation.Gradients(model);
        model.ZeroGradients();
        Assert.Equal(alone, model.AccumulateGradients(together), 1e-5 * alone);
        (double difference, string name) = TinyTranslation.Compare(expected, TinyTranslation.Gradients(model));
        Assert.True(difference < 1e-5, $"{name} differs by {difference}");
    }

    [Theory, MemberData(nameof(All))]
    public void What_stands_in_padding_is_never_read(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using TranslationModel model = Build(kind);
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (2, 1), (9, 8)));
        using IDisposable detached = no_grad();
        double before = model.LossSum(batch).item<float>();
        for (int i = batch.SourceLengths[0]; i < batch.SourceLength; i++)
            batch.Source[i] = 7;
        for (int i = batch.TargetLengths[0]; i < batch.TargetLength; i++)
            batch.DecoderInputs[i] = 7;
        Assert.Equal(before, model.LossSum(batch).item<float>());
    }

    [Theory, MemberData(nameof(All))]
    public void Nothing_leaks_from_the_future(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using TranslationModel model = Build(kind);
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (5, 8)));
        using IDisposable detached = no_grad();
        const int Changed = 5;
        Tensor before = model.Logits(batch);
        batch.DecoderInputs[Changed] = batch.DecoderInputs[Changed] == 4 ? 5 : 4;
        Tensor difference = (model.Logits(batch) - before).abs().amax([2])[0];
        Assert.Equal(0f, difference.narrow(0, 0, Changed).max().item<float>());
        Assert.True(difference[Changed].item<float>() > 1e-4, "the changed token is not read");
        Assert.True(difference[Changed + 2].item<float>() > 1e-6, "the past is not remembered");
    }

    [Theory, MemberData(nameof(All))]
    public void Every_source_token_and_every_parameter_matters(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using TranslationModel model = Build(kind);
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (6, 5), (4, 7)));
        using IDisposable detached = no_grad();
        Tensor before = model.Logits(batch);
        foreach (NamedParameter parameter in model.Parameters)
        {
            // Softmax does not see what is added to all scores of a row.
            if (parameter.Name.EndsWith("k_proj.bias", StringComparison.Ordinal))
                continue;
            using Tensor noise = randn(parameter.Value.shape) * 0.5;
            parameter.Value.add_(noise);
            double change = (model.Logits(batch) - before).abs().max().item<float>();
            parameter.Value.sub_(noise);
            Assert.True(change > 1e-5, $"{parameter.Name} changes the logits by {change}");
        }

        // Whatever the pooling: a state has read all that came before it.
        for (int i = 0; i < 6; i++)
        {
            long kept = batch.Source[i];
            batch.Source[i] = kept == 9 ? 10 : 9;
            Assert.True((model.Logits(batch) - before).abs()[0].max().item<float>() > 1e-6, $"source token {i} is not read");
            batch.Source[i] = kept;
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Inputs_are_targets_shifted_by_one_and_the_first_loss_is_about_ln_V(string kind)
    {
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (6, 5), (4, 5)));
        for (int row = 0; row < batch.Rows; row++)
        {
            Assert.Equal(TinyTranslation.Format.BeginId, batch.DecoderInputs[row * batch.TargetLength]);
            for (int i = 1; i < batch.TargetLengths[row]; i++)
                Assert.Equal(batch.Targets[(row * batch.TargetLength) + i - 1], batch.DecoderInputs[(row * batch.TargetLength) + i]);
            Assert.Equal(TinyTranslation.Format.EndId, batch.Targets[(row * batch.TargetLength) + batch.TargetLengths[row] - 1]);
        }

        using TranslationModel model = Build(kind, disturbed: false);
        using IDisposable detached = no_grad();
        double loss = model.LossSum(batch).item<float>() / batch.SupervisedCount;
        // Logits of a variance of about 1 add about a half; one id is drawn twice as often as another in so few targets.
        Assert.InRange(loss, Math.Log(TinyTranslation.TargetVocabulary) - 0.5, Math.Log(TinyTranslation.TargetVocabulary) + 1.5);
    }

    [Theory, MemberData(nameof(All))]
    public void Label_smoothing_is_the_formula(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using TranslationModel model = Build(kind);
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (6, 5), (4, 2)));
        using IDisposable detached = no_grad();
        Tensor logProbabilities = nn.functional.log_softmax(model.Logits(batch), -1);
        double expected = 0;
        for (int row = 0; row < batch.Rows; row++)
        {
            for (int i = 0; i < batch.TargetLengths[row]; i++)
            {
                Tensor line = logProbabilities[row, i];
                expected -= (0.8 * line[batch.Targets[(row * batch.TargetLength) + i]].item<float>()) + (0.2 * line.mean().item<float>());
            }
        }

        Assert.Equal(expected, model.LossSum(batch, 0.2).item<float>(), 1e-4);
    }

    [Theory, MemberData(nameof(All))]
    public void The_runtime_graph_gives_the_same_logits_at_once_and_step_by_step(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using TranslationModel model = Build(kind);
        List<ParallelExample> examples = TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (2, 4), (9, 8), (5, 1));
        Tensor logits;
        using (no_grad())
            logits = model.Logits(TinyTranslation.Batch(examples));
        using MemoryTensorSource weights = model.CopyWeights();
        using ISequenceToSequenceModel graph = model is TransformerModel transformer
            ? TransformerGraph.Load(transformer.Configuration, weights, 1)
            : RecurrentTranslationGraph.Load(((RecurrentTranslationModel)model).Configuration, weights, 1);
        int vocabulary = graph.VocabularySize;
        for (int i = 0; i < examples.Count; i++)
        {
            int[] inputs = [TinyTranslation.Format.BeginId, .. examples[i].Target];
            float[] expected = TinyTranslation.Values(logits[i].narrow(0, 0, inputs.Length));
            float[] whole = new float[inputs.Length * vocabulary];
            using (SequenceToSequenceState state = graph.NewState(examples[i].Source))
                graph.Advance(state, inputs, whole, LogitsSelection.All);
            AssertClose(expected, whole, 1e-4);
            using SequenceToSequenceState stepping = graph.NewState(examples[i].Source);
            for (int step = 0; step < inputs.Length; step++)
            {
                float[] line = new float[vocabulary];
                graph.Advance(stepping, inputs.AsMemory(step, 1), line);
                AssertClose(expected.AsSpan(step * vocabulary, vocabulary), line, 1e-4);
            }
        }
    }

    [Theory, MemberData(nameof(Learners))]
    public void Two_sentences_are_learned_by_heart_and_the_same_seed_gives_the_same_loss(string kind)
    {
        // Two pairs whose sources differ in one token and whose targets differ in all: without the source the loss stays above ln 2 / 6.
        ParallelExample[] examples = [new([3, 4, 5, 6], [7, 8, 9, 10, 11]), new([3, 4, 12, 6], [13, 14, 15, 16, 17])];
        ParallelBatch batch = TinyTranslation.Batch(examples);
        Assert.Equal(Losses(30), Losses(30));
        Assert.True(Losses(400).Min() < 0.01);

        double[] Losses(int steps)
        {
            manual_seed(1);
            using TranslationModel model = Build(kind, disturbed: false);
            using AdamW optimizer = new(model.Parameters, new AdamWOptions { WeightDecay = 0, Beta2 = 0.99 });
            List<double> losses = [];
            for (int step = 0; step < steps && (steps < 100 || losses.Count == 0 || losses[^1] >= 0.01); step++)
            {
                using DisposeScope scope = NewDisposeScope();
                model.ZeroGradients();
                losses.Add(model.AccumulateGradients(batch) / batch.SupervisedCount);
                optimizer.Step(1e-2, 1.0 / batch.SupervisedCount);
            }

            return [.. losses];
        }
    }

    [Fact]
    public void The_two_attention_functions_of_torch_have_opposite_masks()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable detached = no_grad();
        Tensor query = randn(1, 3, 8), key = randn(1, 4, 8);
        Tensor ignored = tensor((bool[])[false, false, true, false], [1, 4]);
        using var attention = nn.MultiheadAttention(8, 1, bias: false);
        Dictionary<string, Tensor> weights = attention.named_parameters().ToDictionary(item => item.name, item => (Tensor)item.parameter);
        Tensor[] projections = weights["in_proj_weight"].chunk(3, 0);
        (Tensor expected, _) = attention.call(query.transpose(0, 1), key.transpose(0, 1), key.transpose(0, 1), key_padding_mask: ignored, need_weights: false, attn_mask: null);
        Tensor kept = nn.functional.scaled_dot_product_attention(
            nn.functional.linear(query, projections[0]),
            nn.functional.linear(key, projections[1]),
            nn.functional.linear(key, projections[2]),
            ignored.logical_not().unsqueeze(1));
        AssertClose(expected.transpose(0, 1), nn.functional.linear(kept, weights["out_proj.weight"]), 1e-5);
    }

    internal static TranslationModel Build(string kind, bool disturbed = true)
    {
        string[] parts = kind.Split(' ');
        TranslationModel model = parts[0] == "transformer"
            ? new TransformerModel(TinyTranslation.TransformerOf(parts[1]) with { SourceVocabularySize = TinyTranslation.TargetVocabulary }, new TranslationModelOptions { Seed = 5 })
            : new RecurrentTranslationModel(TinyRecurrent.Of(parts[1]), new TranslationModelOptions { Seed = 5 });
        if (disturbed)
            TinyTranslation.Disturb(model, 0.1);
        return model;
    }

    internal static void AssertClose(Tensor expected, Tensor actual, double tolerance) =>
        AssertClose(TinyTranslation.Values(expected), TinyTranslation.Values(actual), tolerance);

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], tolerance * Math.Max(1, Math.Abs(expected[i])));
    }
}
