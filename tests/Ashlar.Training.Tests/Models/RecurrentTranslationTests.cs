using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Models;
using Ashlar.Training.Models.RecurrentTranslation;
using TorchSharp;
using TorchSharp.Modules;
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

    [Fact]
    public void The_first_embeddings_are_as_wide_as_asked_and_nothing_else_changes()
    {
        RecurrentTranslationConfiguration c = TinyRecurrent.Of("none-copy-lstm");
        using RecurrentTranslationModel narrow = new(c, new TranslationModelOptions { Seed = 5 });
        using RecurrentTranslationModel wide = new(c, new TranslationModelOptions { Seed = 5, EmbeddingDeviation = 1 });
        foreach ((NamedParameter a, NamedParameter b) in narrow.Store.Parameters.Zip(wide.Store.Parameters))
        {
            double times = a.Name.EndsWith("embedding.weight", StringComparison.Ordinal) ? 10 : 1;
            Assert.InRange((a.Value * times - b.Value).abs().max().item<float>(), 0, 1e-6f);
        }
    }

    [Theory, InlineData(RecurrentCell.Lstm), InlineData(RecurrentCell.Gru)]
    public void The_encoder_reads_a_padded_batch_as_torch_reads_a_packed_one(RecurrentCell cell)
    {
        using DisposeScope scope = NewDisposeScope();
        RecurrentTranslationConfiguration c = TinyRecurrent.Of("none-copy-lstm") with { Cell = cell };
        using ParameterStore store = new(
            RecurrentTranslationTensors.Of(c).Select(tensor => (tensor, RecurrentTranslationInitialization.KindOf(tensor), false)), CPU);
        RecurrentTranslationInitialization.Initialize(c, store, 7, 0.1);
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (7, 2), (5, 2), (1, 2)));
        EncodedSources own = new RecurrentEncoder(c, store, CPU).Encode(batch, new PassProducts(ComputeType.Float32), training: false);

        using nn.Module module = cell == RecurrentCell.Lstm
            ? nn.LSTM(c.EmbeddingWidth, c.EncoderWidth, c.EncoderLayerCount, bidirectional: true)
            : nn.GRU(c.EmbeddingWidth, c.EncoderWidth, c.EncoderLayerCount, bidirectional: true);
        using (no_grad())
        {
            foreach ((string name, Parameter parameter) in module.named_parameters())
                parameter.copy_(store["encoder.rnn." + name].Value);
        }

        Tensor ids = tensor(batch.Source, [batch.Rows, batch.SourceLength], ScalarType.Int64).t();
        Tensor embedded = store[RecurrentTranslationTensors.SourceEmbedding(c)].Value[TensorIndex.Tensor(ids)];
        using nn.utils.rnn.PackedSequence packed = nn.utils.rnn.pack_padded_sequence(
            embedded, tensor(Array.ConvertAll(batch.SourceLengths, length => (long)length)));
        (nn.utils.rnn.PackedSequence read, Tensor hidden) = module is LSTM lstm ? States(lstm.call(packed)) : ((GRU)module).call(packed);
        using (read)
        {
            (Tensor expected, _) = nn.utils.rnn.pad_packed_sequence(read, batch_first: true);
            Assert.InRange((expected - own.Memory).abs().max().item<float>(), 0, 1e-6f);
        }

        // torch lists a layer's directions one after the other; ours stand side by side.
        for (int layer = 0; layer < c.EncoderLayerCount; layer++)
            Assert.InRange((cat([hidden[2 * layer], hidden[(2 * layer) + 1]], 1) - own.Hidden[layer]).abs().max().item<float>(), 0, 1e-6f);

        static (nn.utils.rnn.PackedSequence, Tensor) States((nn.utils.rnn.PackedSequence Output, Tensor Hidden, Tensor Cells) all) => (all.Output, all.Hidden);
    }

    private static RecurrentTranslationModel Build(string kind, bool fused = true, ComputeType compute = ComputeType.Float32)
    {
        RecurrentTranslationModel model = new(
            TinyRecurrent.Of(kind), new TranslationModelOptions { Seed = 5, FusedPass = fused, ComputeType = compute });
        TinyTranslation.Disturb(model, 0.1);
        return model;
    }
}
