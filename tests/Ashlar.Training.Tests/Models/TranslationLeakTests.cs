using Ashlar.Datasets.Parallel;
using Ashlar.Training.Models;
using Ashlar.Training.Models.RecurrentTranslation;
using Ashlar.Training.Models.Transformer;
using Ashlar.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

/// <summary>That a decoder gets nothing from the tokens it is to predict: by gradient, and by what it can learn.</summary>
public sealed class TranslationLeakTests
{
    public static TheoryData<string> All => TranslationTrapTests.All;

    [Theory, MemberData(nameof(All))]
    public void No_gradient_comes_from_the_future(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using TranslationModel model = TranslationTrapTests.Build(kind);
        const int Changed = 5, Token = 18;
        ParallelBatch batch = TinyTranslation.Batch([new([3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14])]);
        batch.DecoderInputs[Changed] = Token; // it stands nowhere else
        // A tied projection reads the same weights for the logit of the token: that one is left out.
        Tensor logits = model.Logits(batch)[0].narrow(1, 0, Token);
        Assert.Equal(0f, Gradient(logits.narrow(0, 0, Changed)));
        Assert.NotEqual(0f, Gradient(logits.narrow(0, Changed, 1)));

        float Gradient(Tensor part)
        {
            model.ZeroGradients();
            part.pow(2).sum().backward([], retain_graph: true);
            string[] names = ["model.shared.weight", "model.decoder.embed_tokens.weight", "decoder.embedding.weight", "embedding.weight"];
            NamedParameter embedding = model.Parameters.FirstOrDefault(parameter => names.Contains(parameter.Name))
                ?? throw new InvalidOperationException(string.Join(", ", model.Parameters.Select(parameter => parameter.Name)));
            return embedding.Gradient![Token].abs().max().item<float>();
        }
    }

    // Targets are drawn at random, whatever the source says. Nobody can know them, however long he learns; who does, has seen them.
    [Theory]
    [InlineData("transformer published")]
    [InlineData("transformer rotary-swiglu")]
    [InlineData("recurrent bahdanau-gru")]
    [InlineData("recurrent luong-general-feeding")]
    public void What_cannot_be_known_is_not_learned(string kind)
    {
        Assert.InRange(Accuracy(leak: false), 0, 0.25); // one of 16
        Assert.InRange(Accuracy(leak: true), 0.98, 1); // with the next token given away this would have been noticed

        double Accuracy(bool leak)
        {
            Random random = new(4);
            manual_seed(1);
            using TranslationModel model = Narrow();
            using AdamW optimizer = new(model.Parameters, new AdamWOptions { WeightDecay = 0, Beta2 = 0.99 });
            for (int step = 0; step < 150; step++)
            {
                using DisposeScope inner = NewDisposeScope();
                ParallelBatch batch = Batch(random, leak);
                model.ZeroGradients();
                model.AccumulateGradients(batch);
                optimizer.Step(1e-2, 1.0 / batch.SupervisedCount);
            }

            using DisposeScope scope = NewDisposeScope();
            using IDisposable detached = no_grad();
            ParallelBatch fresh = Batch(random, leak);
            long[] best = model.Logits(fresh).argmax(-1).reshape(-1).data<long>().ToArray();
            int[] words = [.. Enumerable.Range(0, fresh.Targets.Length).Where(i => fresh.Targets[i] > TinyTranslation.Format.EndId)];
            return words.Count(i => best[i] == fresh.Targets[i]) / (double)words.Length;
        }

        // A Transformer with a feed-forward part of one unit: what it knows it has from attention.
        TranslationModel Narrow() => kind.StartsWith("transformer ", StringComparison.Ordinal)
            ? new TransformerModel(
                TinyTranslation.TransformerOf(kind["transformer ".Length..]) with { DecoderFeedForwardWidth = 1, EncoderFeedForwardWidth = 1, SourceVocabularySize = TinyTranslation.TargetVocabulary },
                new TranslationModelOptions { Seed = 5 })
            : TranslationTrapTests.Build(kind, disturbed: false);
    }

    [Fact]
    public void With_sampling_the_decoder_reads_its_own_guesses_and_without_the_targets()
    {
        using RecurrentTranslationModel model = (RecurrentTranslationModel)TranslationTrapTests.Build("recurrent bahdanau-gru");
        ParallelBatch batch = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (6, 5), (4, 7)));
        ParallelBatch other = TinyTranslation.Batch(TinyTranslation.Examples(3, TinyTranslation.TargetVocabulary, (6, 5), (4, 7)));
        for (int i = 0; i < other.DecoderInputs.Length; i++)
        {
            if (i % other.TargetLength > 0)
                other.DecoderInputs[i] = 4; // all but the begin token
        }

        Assert.NotEqual(model.AccumulateGradients(batch), model.AccumulateGradients(other), 1e-3);
        model.SamplingProbability = 1;
        double own = model.AccumulateGradients(batch);
        Assert.Equal(own, model.AccumulateGradients(other), 1e-6);

        // Written out: each step reads the likeliest token of the step before.
        model.SamplingProbability = 0;
        using (no_grad())
        {
            for (int step = 1; step < batch.TargetLength; step++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor best = model.Logits(batch).argmax(-1);
                for (int row = 0; row < batch.Rows; row++)
                    batch.DecoderInputs[(row * batch.TargetLength) + step] = (int)best[row, step - 1].item<long>();
            }
        }

        Assert.Equal(model.AccumulateGradients(batch), own, 1e-5 * own);
        model.SamplingProbability = 1;
        model.SetTraining(false);
        using IDisposable detached = no_grad();
        Assert.NotEqual(own, model.LossSum(other).item<float>(), 1e-3); // only in training
    }

    private static ParallelBatch Batch(Random random, bool leak)
    {
        ParallelBatch batch = TinyTranslation.Batch([.. Enumerable.Range(0, 32).Select(_ => new ParallelExample(Draw(4), Draw(6)))]);
        if (leak)
        {
            for (int i = 0; i < batch.Targets.Length; i++)
                batch.DecoderInputs[i] = (int)batch.Targets[i];
        }

        return batch;

        int[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(3, TinyTranslation.TargetVocabulary))];
    }
}
