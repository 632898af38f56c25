using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference.Chat;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Inference.Tests.Models;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Chat;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Inference.Tests;

public sealed class LoadedModelTests : IDisposable
{
    private static readonly DecoderConfiguration Configuration = RandomCheckpoint.Shape("qwen3") with { VocabularySize = 264, EndOfTextIds = [256] };

    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-").FullName;
    private readonly RandomCheckpoint _checkpoint = new(Configuration, 1);

    public LoadedModelTests()
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), Configuration.ToHuggingFaceJson().ToJsonString());
        SafetensorsWriter.Write(
            Path.Combine(_folder, "model.safetensors"),
            [.. DecoderTensors.Of(Configuration).Select(t => SafetensorsEntry.Float32(t.Name, t.Shape, _checkpoint.Tensors[t.Name]))]);
        Tokenizer tokenizer = ByteLevelBpeTrainer.Train([""], 259, ["<|endoftext|>", ChatMl.Start, ChatMl.End]);
        tokenizer.WithChatTemplate(ChatMl.Template).Save(_folder);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_directory_runs_as_the_weights_in_memory_do()
    {
        using LoadedModel loaded = LoadedModel.Load(_folder, threadCount: 1);
        using DecoderGraph graph = _checkpoint.NewGraph();
        int[] tokens = loaded.Tokenizer.Encode("模型 model");
        Assert.Equal(DecoderGraphTests.All(graph, tokens), DecoderGraphTests.All(loaded.Model, tokens));
        Assert.Equal([256], loaded.StopIds);
        Assert.Equal([258], loaded.Chat!.StopIds);
        GenerationSummary summary = loaded.NewTextGenerator().Complete("x", new() { MaxTokens = 9 }, TestContext.Current.CancellationToken);
        Assert.Equal(9, summary.GeneratedTokenCount);
    }

    [Fact]
    public void A_folder_of_a_recurrent_model_loads_by_its_model_type()
    {
        RecurrentConfiguration configuration = new()
        {
            Cell = RecurrentCell.Gru,
            VocabularySize = 264,
            EmbeddingWidth = 6,
            HiddenWidth = 9,
            LayerCount = 2,
            EndOfTextIds = [256],
        };
        Random random = new(5);
        Dictionary<string, float[]> tensors = RecurrentTensors.Of(configuration).ToDictionary(
            t => t.Name,
            t => Enumerable.Range(0, (int)t.Shape.Aggregate(1L, (a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f).ToArray());
        File.WriteAllText(Path.Combine(_folder, "config.json"), configuration.ToJson().ToJsonString());
        SafetensorsWriter.Write(
            Path.Combine(_folder, "model.safetensors"),
            [.. RecurrentTensors.Of(configuration).Select(t => SafetensorsEntry.Float32(t.Name, t.Shape, tensors[t.Name]))]);
        using LoadedModel loaded = LoadedModel.Load(_folder, threadCount: 1);
        using RecurrentGraph graph = new(configuration, (name, destination) => tensors[name].CopyTo(destination), 1);
        int[] tokens = loaded.Tokenizer.Encode("模型 model");
        Assert.Equal(DecoderGraphTests.All(graph, tokens), DecoderGraphTests.All(loaded.Model, tokens));
        Assert.Null(loaded.Model.ContextLength);
        Assert.Equal([256], loaded.StopIds);
        // Longer than any window: nothing slides, nothing is refused.
        GenerationOptions options = new() { MaxTokens = 3000, Sampling = new() { Seed = 1 } };
        Assert.Equal(3000, loaded.NewTextGenerator().Complete("x", options, TestContext.Current.CancellationToken).GeneratedTokenCount);

        // Chat goes on from the state it has, and reads anew where the template rewrites the past.
        using ChatSession chat = new(loaded.Model, loaded.Tokenizer, loaded.Chat!);
        foreach (string text in new[] { "one", "two", "three" })
        {
            ChatReply reply = chat.Send(text, options with { MaxTokens = 20 }, TestContext.Current.CancellationToken);
            Assert.NotEmpty(reply.Pieces.ToArray());
        }

        Assert.Equal(6, chat.Messages.Count);
    }

    [Fact]
    public void The_generation_configuration_may_name_more_ends()
    {
        File.WriteAllText(Path.Combine(_folder, "generation_config.json"), """{"eos_token_id": [7, 256]}""");
        using (LoadedModel loaded = LoadedModel.Load(_folder, threadCount: 1))
            Assert.Equal([7, 256], loaded.StopIds);
        File.WriteAllText(Path.Combine(_folder, "generation_config.json"), """{"eos_token_id": "x"}""");
        Assert.Contains("generation_config.json", Assert.Throws<InvalidDataException>(() => LoadedModel.Load(_folder)).Message);
    }

    [Fact]
    public void What_is_missing_or_does_not_fit_is_named()
    {
        Assert.Throws<DirectoryNotFoundException>(() => LoadedModel.Load(Path.Combine(_folder, "none")));
        DecoderConfiguration small = Configuration with { VocabularySize = 100 };
        File.WriteAllText(Path.Combine(_folder, "config.json"), small.ToHuggingFaceJson().ToJsonString());
        Assert.Contains("259", Assert.Throws<InvalidDataException>(() => LoadedModel.Load(_folder)).Message);
        DecoderConfiguration deep = Configuration with { LayerCount = 3 };
        File.WriteAllText(Path.Combine(_folder, "config.json"), deep.ToHuggingFaceJson().ToJsonString());
        Assert.Contains("model.layers.2", Assert.Throws<InvalidDataException>(() => LoadedModel.Load(_folder)).Message);
        foreach (string file in new[] { "model.safetensors", "tokenizer.json", "config.json" })
        {
            File.Delete(Path.Combine(_folder, file));
            Assert.Contains(file, Assert.Throws<FileNotFoundException>(() => LoadedModel.Load(_folder)).Message);
        }
    }
}
