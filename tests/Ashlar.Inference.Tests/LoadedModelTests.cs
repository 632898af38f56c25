using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models;
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
