using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Tests.Models;

public sealed class DecoderTests
{
    public static TheoryData<DecoderArchitecture> Families => TinyDecoders.Families;

    [Theory, MemberData(nameof(Families))]
    public void LossIsTheSumOfNegativeLogProbabilitiesOfTheSupervisedTargets(DecoderArchitecture family)
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(family);
        Tensor inputs = TinyDecoders.Tokens(2, 9, seed: 1);
        Tensor targets = TinyDecoders.Tokens(2, 9, seed: 2);
        targets[0, 3] = -100;
        targets[1, 0] = -100;
        float[] logits = decoder.Logits(inputs).data<float>().ToArray();
        long[] expectedTokens = targets.data<long>().ToArray();
        double expected = 0;
        for (int token = 0; token < 18; token++)
        {
            if (expectedTokens[token] < 0)
                continue;
            double[] row = [.. logits.AsSpan(token * 37, 37).ToArray().Select(logit => (double)logit)];
            expected += Math.Log(row.Sum(Math.Exp)) - row[expectedTokens[token]];
        }

        Assert.Equal(expected, decoder.LossSum(inputs, targets).item<float>(), 1e-4);
    }

    [Theory, MemberData(nameof(Families))]
    public void ALaterTokenNeverChangesAnEarlierLogit(DecoderArchitecture family)
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(family, tied: false);
        Tensor inputs = TinyDecoders.Tokens(1, 12, seed: 3, low: 0, high: 30);
        inputs[0, 8] = 33; // nowhere else
        decoder.ZeroGradients();
        decoder.Logits(inputs).narrow(1, 0, 8).square().sum().backward();
        NamedParameter embedding = decoder.Parameters[0];
        Tensor gradient = embedding.Gradient!;
        Assert.Equal(0f, gradient[33].abs().max().item<float>());
        Assert.NotEqual(0f, gradient[inputs[0, 7].item<long>()].abs().max().item<float>());

        Tensor before = decoder.Logits(inputs);
        inputs[0, 8] = 34;
        Tensor after = decoder.Logits(inputs);
        Assert.True(TinyDecoders.Same(before.narrow(1, 0, 8), after.narrow(1, 0, 8)));
        Assert.False(TinyDecoders.Same(before.narrow(1, 8, 1), after.narrow(1, 8, 1)));
    }

    [Theory, MemberData(nameof(Families))]
    public void PackedDocumentsAreEqualToDocumentsAlone(DecoderArchitecture family)
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(family, tied: false);
        int[] lengths = [5, 9, 6];
        Tensor[] documents = [.. lengths.Select((length, i) => TinyDecoders.Tokens(1, length, seed: 10 + i, low: 10 * i, high: (10 * i) + 10))];
        Tensor[] targets = [.. lengths.Select((length, i) => TinyDecoders.Tokens(1, length, seed: 20 + i))];

        decoder.ZeroGradients();
        double alone = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            Tensor loss = decoder.LossSum(documents[i], targets[i]);
            loss.backward();
            alone += loss.item<float>();
        }

        float[] gradientsAlone = TinyDecoders.Gradients(decoder);

        decoder.ZeroGradients();
        Tensor packed = cat(documents, 1);
        Tensor positions = cat([.. lengths.Select(length => arange(length).unsqueeze(0))], 1);
        Tensor indices = cat([.. lengths.Select((length, i) => full([1, length], i, ScalarType.Int64))], 1);
        Tensor together = decoder.LossSum(packed, cat(targets, 1), positions, indices);
        together.backward();
        Assert.Equal(alone, together.item<float>(), alone * 1e-5);
        Assert.InRange(TinyDecoders.RelativeDifference(gradientsAlone, TinyDecoders.Gradients(decoder)), 0, 1e-5);

        // The first document's tokens have embeddings of their own: the second's loss must not reach them.
        Tensor onlySecond = cat([full([1, 5], -100, ScalarType.Int64), targets[1], full([1, 6], -100, ScalarType.Int64)], 1);
        decoder.ZeroGradients();
        decoder.LossSum(packed, onlySecond, positions, indices).backward();
        Tensor gradient = decoder.Parameters[0].Gradient!;
        Assert.Equal(0f, gradient.narrow(0, 0, 10).abs().max().item<float>());
        Assert.NotEqual(0f, gradient.narrow(0, 10, 10).abs().max().item<float>());
        Assert.Equal(0f, gradient.narrow(0, 20, 17).abs().max().item<float>());
    }

    [Theory, MemberData(nameof(Families))]
    public void AccumulatedGradientsEqualTheLargeBatch(DecoderArchitecture family)
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(family);
        Tensor inputs = TinyDecoders.Tokens(6, 10, seed: 4);
        Tensor targets = TinyDecoders.Tokens(6, 10, seed: 5);
        for (int row = 0; row < 6; row++)
            targets[row].narrow(0, 0, row + 1).fill_(-100); // rows with unequal numbers of targets

        decoder.ZeroGradients();
        decoder.LossSum(inputs, targets).backward();
        float[] whole = TinyDecoders.Gradients(decoder);
        decoder.ZeroGradients();
        for (int row = 0; row < 6; row++)
            decoder.LossSum(inputs.narrow(0, row, 1), targets.narrow(0, row, 1)).backward();
        Assert.InRange(TinyDecoders.RelativeDifference(whole, TinyDecoders.Gradients(decoder)), 0, 1e-5);
    }

    [Theory, MemberData(nameof(Families))]
    public void BFloat16ProductsStayCloseToFloat32(DecoderArchitecture family)
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder exact = TinyDecoders.Build(family);
        using Decoder rounded = TinyDecoders.Build(family, compute: ComputeType.BFloat16);
        Tensor inputs = TinyDecoders.Tokens(3, 16, seed: 6);
        Tensor targets = TinyDecoders.Tokens(3, 16, seed: 7);
        Tensor[] losses = [.. ((Decoder[])[exact, rounded]).Select(decoder =>
        {
            decoder.ZeroGradients();
            Tensor loss = decoder.LossSum(inputs, targets);
            loss.backward();
            return loss;
        })];
        Assert.Equal(ScalarType.Float32, losses[1].dtype);
        Assert.Equal(losses[0].item<float>() / 48, losses[1].item<float>() / 48, 0.02);
        Tensor a = exact.Store.Gradients, b = rounded.Store.Gradients;
        double cosine = ((a * b).sum() / (a.norm() * b.norm())).item<float>();
        Assert.InRange(cosine, 0.999, 1.0001);
    }

    [Fact]
    public void TiedEmbeddingsAreOneParameter()
    {
        using Decoder tied = TinyDecoders.Build(DecoderArchitecture.Gpt2);
        using Decoder untied = TinyDecoders.Build(DecoderArchitecture.Gpt2, tied: false);
        Assert.DoesNotContain(tied.Parameters, parameter => parameter.Name == "lm_head.weight");
        Assert.Equal(DecoderTensors.CountParameters(tied.Configuration), tied.Store.Count);
        Assert.Equal(tied.Store.Count + (37 * 32), untied.Store.Count);
        Assert.Equal(tied.Store.Count, tied.Parameters.Sum(parameter => parameter.Value.numel()));
    }

    [Fact]
    public void InitialWeightsAreGpt2sAndFollowTheSeed()
    {
        DecoderConfiguration configuration = TinyDecoders.Configuration(DecoderArchitecture.Gpt2) with { VocabularySize = 2000 };
        using Decoder first = new(configuration, new DecoderOptions { Seed = 3 });
        using Decoder same = new(configuration, new DecoderOptions { Seed = 3 });
        using Decoder other = new(configuration, new DecoderOptions { Seed = 4 });
        Assert.True(TinyDecoders.Same(first.Store.Values, same.Store.Values));
        Assert.False(TinyDecoders.Same(first.Store.Values, other.Store.Values));
        Assert.Equal(0.02, Deviation("transformer.wte.weight"), 0.001);
        Assert.Equal(0.02 / 2, Deviation("transformer.h.0.mlp.c_proj.weight"), 0.001); // two blocks: sqrt(4)
        Assert.Equal(1f, first.Store["transformer.ln_f.weight"].Value.min().item<float>());
        Assert.Equal(0f, first.Store["transformer.ln_f.bias"].Value.abs().max().item<float>());

        double Deviation(string name) => first.Store[name].Value.std().item<float>();
    }

    [Fact]
    public void DropoutActsOnlyInTraining()
    {
        using DisposeScope scope = NewDisposeScope();
        using Decoder decoder = TinyDecoders.Build(DecoderArchitecture.Gpt2, dropout: 0.3);
        using Decoder plain = TinyDecoders.Build(DecoderArchitecture.Gpt2);
        Tensor inputs = TinyDecoders.Tokens(2, 8, seed: 8);
        Assert.False(TinyDecoders.Same(decoder.Logits(inputs), decoder.Logits(inputs)));
        decoder.SetTraining(false);
        Assert.True(decoder.Logits(inputs).allclose(plain.Logits(inputs)));
    }

    [Theory, MemberData(nameof(Families))]
    public void SavedAndLoadedWeightsAreTheSame(DecoderArchitecture family)
    {
        using TemporaryFolder folder = new();
        using Decoder saved = TinyDecoders.Build(family);
        saved.Save(folder.Path);
        DecoderConfiguration configuration = DecoderConfiguration.Load(Path.Combine(folder.Path, "config.json"));
        using Decoder loaded = new(configuration, new DecoderOptions { Seed = 99 });
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder.Path, "model.safetensors")))
            loaded.Load(file);
        Assert.True(TinyDecoders.Same(saved.Store.Values, loaded.Store.Values));
    }

    [Fact]
    public void LoadingNamesTheTensorThatIsMissingOrExtra()
    {
        using Decoder decoder = TinyDecoders.Build(DecoderArchitecture.Llama);
        MemoryTensorSource source = new("test.safetensors");
        foreach (NamedParameter parameter in decoder.Parameters.Skip(1))
            source.Add(parameter.Name, parameter.Value.shape, new float[parameter.Value.numel()]);
        Assert.Contains("model.embed_tokens.weight", Assert.Throws<InvalidDataException>(() => decoder.Load(source)).Message);
        source.Add("model.embed_tokens.weight", [37, 32], new float[37 * 32]);
        decoder.Load(source);
        source.Add("model.layers.2.mlp.up_proj.weight", [1], new float[1]);
        Assert.Contains("model.layers.2.mlp.up_proj.weight", Assert.Throws<InvalidDataException>(() => decoder.Load(source)).Message);
    }

    [Fact]
    public void ASequenceLongerThanTheContextIsRefused()
    {
        using Decoder decoder = TinyDecoders.Build(DecoderArchitecture.Gpt2);
        using Tensor inputs = TinyDecoders.Tokens(1, 25, seed: 9);
        Assert.Throws<ArgumentException>(() => decoder.Logits(inputs));
    }
}
