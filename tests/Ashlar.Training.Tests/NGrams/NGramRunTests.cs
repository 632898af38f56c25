using System.Text.Json.Nodes;
using Ashlar.Evaluation;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;
using Ashlar.Training.Reporting;

namespace Ashlar.Training.Tests.NGrams;

/// <summary>A run with task <c>ngram</c>, from the recipe to the report.</summary>
public sealed class NGramRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-ngram-run-").FullName;

    public NGramRunTests()
    {
        File.WriteAllText(Path.Combine(_folder, "train.txt"), "the cat sat\nthe dog sat\nthe cat ran\na dog ran home\nthe dog saw the cat\n");
        File.WriteAllText(Path.Combine(_folder, "valid.txt"), "the cat saw a dog\nthe cat ran\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_run_folder_loads_generates_and_scores_as_the_run_said()
    {
        TrainingResult result = Run(Recipe());
        using LoadedModel loaded = LoadedModel.Load(Path.Combine(_folder, "run"));
        NGramModel model = Assert.IsType<NGramModel>(loaded.Model);
        int end = loaded.Tokenizer.SpecialTokens.EndOfText!.Value;
        Assert.Equal([end], loaded.StopIds);
        PerplexityResult measured = Perplexity.Measure(
            model,
            File.ReadLines(Path.Combine(_folder, "valid.txt")).Select(line => (ReadOnlyMemory<int>)(int[])[.. loaded.Tokenizer.Encode(line), end]),
            TokenBytes.Of(loaded.Tokenizer),
            new() { BeginOfTextId = end },
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(10, measured.TokenCount); // eight words and two ends
        Assert.Equal(measured.NatsPerToken, result.ValidationLoss, 1e-5);
        Assert.Equal(measured.BitsPerByte, result.BitsPerByte!.Value, 1e-5);
        Assert.True(result.ValidationLoss < result.UnigramLoss && result.UnigramLoss < result.UniformLoss);
        GenerationSummary summary = loaded.NewTextGenerator().Complete("the cat", new() { Sampling = SamplingOptions.Greedy, MaxTokens = 5, StopIds = loaded.StopIds }, TestContext.Current.CancellationToken);
        Assert.True(summary.GeneratedTokenCount > 0);
    }

    [Fact]
    public void The_report_shows_the_back_off_path_of_the_recipes_sentences_and_of_those_asked_for()
    {
        Run(Recipe());
        string run = Path.Combine(_folder, "run");
        string page = File.ReadAllText(Path.Combine(run, RunReport.FileName));
        Assert.Contains("the back-off path", page);
        Assert.Contains("the cat sat home", page);
        Assert.Contains("3-gram", page);
        Assert.Equal(5, page.Split("<details").Length - 1); // four words and the end
        Assert.Contains(">uniform<", page); // the last row of the picture
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("http", page.Replace("http://www.w3.org/2000/svg", ""));

        RunReport.Write(run, ["a <b> dog"]);
        page = File.ReadAllText(Path.Combine(run, RunReport.FileName));
        Assert.Contains("a &lt;b&gt; dog", page);
        Assert.Equal(9, page.Split("<details").Length - 1);
    }

    [Fact]
    public void Held_out_documents_can_be_kept_out_of_training()
    {
        JsonObject recipe = Recipe();
        double before = Run(recipe).ValidationLoss;
        recipe["data"]!["exclude"] = new JsonArray("valid.txt"); // "the cat ran" is in both
        Assert.True(Run(recipe).ValidationLoss > before);
        using LoadedModel loaded = LoadedModel.Load(Path.Combine(_folder, "run"));
        Assert.NotEqual(loaded.Tokenizer.SpecialTokens.Unknown, loaded.Tokenizer.Encode("ran")[0]);
    }

    [Theory]
    [InlineData("order", "8", "ngram.order is 8; expected a whole number from 1 to 7")]
    [InlineData("smoothing", "\"good-turing\"", "ngram.smoothing is good-turing; expected maximum-likelihood")]
    [InlineData("k", "0", "ngram.k is 0")]
    [InlineData("discounts", "[0.5, 1]", "ngram.discounts is [0.5, 1]; expected one number or three")]
    [InlineData("minimumCounts", "[2, 1]", "ngram.minimumCounts is [2, 1]")]
    [InlineData("ordr", "3", "did you mean ngram.order?")]
    public void Impossible_recipes_are_refused_by_key(string key, string value, string words)
    {
        JsonObject recipe = Recipe();
        recipe["ngram"]![key] = JsonNode.Parse(value);
        Assert.Contains(words, Assert.Throws<InvalidDataException>(() => RecipeFile.Read(recipe, "x.json")).Message);
    }

    private TrainingResult Run(JsonObject recipe) => Trainer.Run(
        RecipeFile.Read(recipe, "x.json"), new() { RecipeFolder = _folder, OutputDirectory = Path.Combine(_folder, "run") });

    private static JsonObject Recipe() => JsonNode.Parse("""
        {
          "name": "small", "task": "ngram",
          "tokenizer": { "kind": "word-level", "vocabularySize": 100 },
          "data": { "format": "text-lines", "train": ["train.txt"], "validation": ["valid.txt"] },
          "ngram": { "order": 3, "smoothing": "witten-bell" },
          "evaluation": { "prompts": ["the"], "sampleTokens": 5, "lookInside": ["the cat sat home"] }
        }
        """)!.AsObject();
}
