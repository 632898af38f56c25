using System.Text.Json.Nodes;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;
using Ashlar.Training.Tasks.Translation;

namespace Ashlar.Training.Tests;

/// <summary>A sentence that does not fit is found before the first step, wherever in a recipe it stands.</summary>
public sealed class SentenceLimitsTests : IDisposable
{
    private const string Long = "1 2 3 4 5 6"; // and the end: 7

    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-limits-").FullName;

    public SentenceLimitsTests()
    {
        File.WriteAllText(Path.Combine(_folder, "short.tsv"), "1 2\t3 4\n5 6\t7\n");
        File.WriteAllText(Path.Combine(_folder, "source.tsv"), $"1 2\t3 4\n\n{Long}\t3\n");
        File.WriteAllText(Path.Combine(_folder, "target.tsv"), $"1 2\t3 4\n3\t{Long}\n");
        File.WriteAllText(Path.Combine(_folder, "empty.tsv"), "\t3 4\n \t7\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("data.train=[\"source.tsv\"]", "model.contextLength is 6; expected at least 7, the tokens of the source in data.train, ", "source.tsv, line 3, tags and end included, or a translation.maximumSourceLength of at most 5")]
    [InlineData("data.train=[\"target.tsv\"]", "the target in data.train, ", "target.tsv, line 2, tags and end included, or a translation.maximumTargetLength of at most 5")]
    [InlineData("data.validation=[\"source.tsv\"]", "the source in data.validation, ", "source.tsv, line 3")]
    [InlineData("data.validation=[\"target.tsv\"]", "the target in data.validation, ", "target.tsv, line 2")]
    [InlineData("data.test=[\"source.tsv\"]", "the source in data.test, ", "source.tsv, line 3")]
    [InlineData("evaluation.prompts=[\"1\",\"" + Long + "\"]", "the tokens of evaluation.prompts[1]", "7")]
    [InlineData("evaluation.lookInside=[\"" + Long + "\"]", "the tokens of evaluation.lookInside[0]", "7")]
    public void What_is_longer_than_a_transformer_reads_is_named(string set, string key, string place)
    {
        string message = Assert.Throws<InvalidDataException>(() => Prepare("transformer", set)).Message;
        Assert.Contains(key, message);
        Assert.Contains(place, message);
        Assert.Equal(2, Prepare("seq2seq", set).Train.Count); // a recurrent model reads on
    }

    [Fact]
    public void The_filter_leaves_long_training_pairs_out_and_only_targets_of_tests_may_be_long()
    {
        Assert.Equal(1, Prepare("transformer", "data.train=[\"source.tsv\"]", "translation.maximumSourceLength=5").Dropped);
        Assert.Equal(1, Prepare("transformer", "data.train=[\"target.tsv\"]", "translation.maximumTargetLength=5").Dropped);
        Assert.Equal(2, Prepare("transformer", "data.test=[\"target.tsv\"]").TestText.Count);
    }

    [Fact]
    public void A_pair_longer_than_a_batch_and_validation_without_a_source_are_named()
    {
        string message = Assert.Throws<InvalidDataException>(() => Prepare("seq2seq", "translation.batchTokens=6", "data.train=[\"target.tsv\"]")).Message;
        Assert.Contains("translation.batchTokens is 6; expected at least 7, the length of data.train, ", message);
        Assert.Contains("target.tsv, line 2, or a smaller", message);
        Assert.Contains("0 validation pairs with a source", Assert.Throws<InvalidDataException>(() => Prepare("seq2seq", "data.validation=[\"empty.tsv\"]")).Message);
    }

    private TranslationData Prepare(string architecture, params string[] sets)
    {
        string path = Path.Combine(_folder, "limits.json");
        File.WriteAllText(path, new JsonObject
        {
            ["name"] = "limits",
            ["task"] = "translation",
            ["tokenizer"] = new JsonObject { ["kind"] = "word-level", ["vocabularySize"] = 100 },
            ["data"] = new JsonObject { ["format"] = "parallel-tsv", ["train"] = new JsonArray("short.tsv"), ["validation"] = new JsonArray("short.tsv") },
            ["model"] = architecture == "transformer"
                ? new JsonObject { ["architecture"] = architecture, ["contextLength"] = 6 }
                : new JsonObject { ["architecture"] = architecture, ["tieEmbeddings"] = false },
        }.ToJsonString());
        return TranslationData.Prepare(RecipeFile.Load(path, sets), new TrainerOptions { RecipeFolder = _folder, OutputDirectory = _folder }, null);
    }
}
