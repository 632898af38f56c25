using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Evaluation;
using Ashlar.Inference;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;
using Ashlar.Training.Reporting;

namespace Ashlar.Training.Tests;

/// <summary>Runs of recurrent models: state carried from batch to batch, exact resume, a rate that falls on a plateau.</summary>
public sealed class RecurrentTrainerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-recurrent-trainer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string, bool> Variants => new()
    {
        { "lstm", false },
        { "gru", true },
        { "rnn-tanh", false },
    };

    [Theory, MemberData(nameof(Variants))]
    public void Stopped_and_resumed_equals_one_run_bit_for_bit(string cell, bool reset)
    {
        JsonObject recipe = Words(cell, reset);
        Run(recipe, "whole", 20);
        Run(recipe, "parts", 9);
        Run(recipe, "parts", 20, resume: true);
        string whole = LastState("whole"), parts = LastState("parts");
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole, "tensors.safetensors")), File.ReadAllBytes(Path.Combine(parts, "tensors.safetensors")));
        Assert.Equal(Losses("whole"), Losses("parts"));

        // The carried state is there and not zero.
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(whole, "tensors.safetensors"));
        float[] hidden = new float[2 * 3 * 12];
        file.ReadFloat32("task.hidden", hidden);
        Assert.Contains(hidden, value => value != 0);
        Assert.Equal(cell == "lstm", file.Names.Contains("task.memory"));
    }

    [Fact]
    public void It_learns_and_its_perplexity_counts_the_ends_of_lines()
    {
        JsonObject recipe = Words("lstm", reset: false);
        recipe["data"]!["test"] = new JsonArray("valid.txt");
        TrainingResult result = Run(recipe, "run", 150);
        Assert.True(result.ValidationLoss < result.UnigramLoss - 0.3, $"{result.ValidationLoss} beside the unigram's {result.UnigramLoss}");
        JsonObject final = MetricsLog.Read(Path.Combine(_folder, "run")).Single(line => line["final"] is not null);
        Assert.Equal(Math.Exp(result.ValidationLoss), final["perplexity"]!.GetValue<double>(), 1e-9);
        Assert.Equal(final["perplexity"]!.GetValue<double>(), final["testPerplexity"]!.GetValue<double>(), 1e-6);
    }

    // In one track the whole held-out text is read in order, so that the runtime's own measure of the saved model is the same.
    [Theory]
    [InlineData("lstm", false)]
    [InlineData("gru", true)]
    public void Its_loss_is_over_every_word_and_every_end_as_the_runtime_measures_it(string cell, bool reset)
    {
        JsonObject recipe = Words(cell, reset);
        recipe["training"]!["batchSize"] = 1;
        TrainingResult result = Run(recipe, "run", 30);
        using LoadedModel loaded = LoadedModel.Load(Path.Combine(_folder, "run"));
        int end = loaded.Tokenizer.SpecialTokens.EndOfText!.Value;
        int[][] lines = [.. File.ReadLines(Path.Combine(_folder, "valid.txt")).Select(line => (int[])[.. loaded.Tokenizer.Encode(line), end])];
        PerplexityResult measured = Perplexity.Measure(
            loaded.Model,
            (reset ? lines : [[.. lines.SelectMany(line => line)]]).Select(line => (ReadOnlyMemory<int>)line),
            TokenBytes.Of(loaded.Tokenizer),
            new() { BeginOfTextId = end },
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(11 * (8 + 1), measured.TokenCount); // eleven lines of eight words, each with its end
        Assert.Equal(measured.NatsPerToken, result.ValidationLoss, 1e-5);
        Assert.Equal(measured.BitsPerByte, result.BitsPerByte!.Value, 1e-5);
    }

    [Theory]
    [InlineData("lstm", "forget")]
    [InlineData("gru", "update")]
    [InlineData("rnn-tanh", "no gate")]
    public void The_report_unrolls_the_network_over_the_recipes_sentences_and_those_asked_for(string cell, string gate)
    {
        JsonObject recipe = Words(cell, reset: false);
        recipe["evaluation"]!["lookInside"] = new JsonArray("the cat sat on mat");
        Run(recipe, "run", 2);
        string run = Path.Combine(_folder, "run");
        string page = File.ReadAllText(Path.Combine(run, RunReport.FileName));
        Assert.Contains("the network unrolled", page);
        Assert.Equal(6, Count(page, "<details")); // the beginning and five words
        Assert.Equal(6, Count(page, "likeliest next tokens"));
        Assert.Equal(2 * 12, System.Text.RegularExpressions.Regex.Count(page, ">unit [0-9]+</text>")); // every unit of both layers, since there are few
        Assert.Equal(5, Count(page, ">expects<") + Count(page, ">or<")); // five choices at each step
        Assert.Equal(gate == "no gate" ? 0 : 2, Count(page, ">writes<")); // one row of gates a layer
        Assert.Equal(gate == "no gate" ? 0 : 2, Count(page, $">{gate}<"));
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotContain("http", page.Replace("http://www.w3.org/2000/svg", ""));

        RunReport.Write(run, ["dog & cat"]);
        page = File.ReadAllText(Path.Combine(run, RunReport.FileName));
        Assert.Contains("dog &amp; cat", page);
        Assert.True(page.IndexOf("dog &amp; cat", StringComparison.Ordinal) < page.IndexOf("the cat sat on mat", StringComparison.Ordinal));

        static int Count(string page, string part) => page.Split(part).Length - 1;
    }

    [Fact]
    public void The_rate_halves_when_validation_stops_getting_better_and_the_best_model_is_kept()
    {
        JsonObject recipe = Words("rnn-relu", reset: false);
        recipe["optimizer"] = new JsonObject { ["kind"] = "sgd", ["learningRate"] = 1e-9 }; // nothing gets better by more than rounding
        recipe["schedule"] = new JsonObject { ["kind"] = "plateau", ["warmupSteps"] = 0, ["plateauFactor"] = 0.5 };
        recipe["evaluation"]!["every"] = 2;
        Run(recipe, "parts", 7);
        Run(recipe, "parts", 12, resume: true);
        Run(recipe, "whole", 12);
        List<double> rates = Column("whole", "learningRate");
        Assert.Equal(1e-9, rates[0]);
        Assert.True(rates[^1] <= 0.5e-9, $"the rate is still {rates[^1]}");
        Assert.All(rates, rate => Assert.Equal(Math.Round(Math.Log2(1e-9 / rate)), Math.Log2(1e-9 / rate), 1e-9));
        Assert.Equal(rates, Column("parts", "learningRate"));
    }

    [Theory]
    [InlineData("model.architecture=gpt2", "data.batching is contiguous; expected random-crops or packed")]
    [InlineData("model.architecture=elman", "expected gpt1, gpt2, llama, qwen2, qwen3, rnn-tanh, rnn-relu, lstm or gru")]
    [InlineData("model.weightDrop=1", "model.weightDrop is 1; expected")]
    [InlineData("training.activationCheckpointing=true", "training.activationCheckpointing is true; expected it with model.architecture gpt2")]
    [InlineData("data.batching=packed", "data.resetBetweenDocuments is true; expected")]
    public void A_wrong_value_is_named(string set, string words)
    {
        string path = Path.Combine(_folder, "recipe.json");
        File.WriteAllText(path, Words("lstm", reset: true).ToJsonString());
        Assert.Contains(words, Assert.Throws<InvalidDataException>(() => RecipeFile.Load(path, [set])).Message);
    }

    private JsonObject Words(string cell, bool reset)
    {
        string[] lines = [.. Enumerable.Range(0, 60).Select(i => $"the {(i % 2 == 0 ? "cat" : "dog")} sat on mat number {i % 5} .")];
        File.WriteAllLines(Path.Combine(_folder, "train.txt"), lines);
        File.WriteAllLines(Path.Combine(_folder, "valid.txt"), lines[..11]);
        return new JsonObject
        {
            ["name"] = "words",
            ["tokenizer"] = new JsonObject { ["kind"] = "word-level", ["vocabularySize"] = 50 },
            ["data"] = new JsonObject
            {
                ["format"] = "text-lines",
                ["train"] = new JsonArray("train.txt"),
                ["validation"] = new JsonArray("valid.txt"),
                ["batching"] = "contiguous",
                ["resetBetweenDocuments"] = reset,
            },
            ["model"] = new JsonObject
            {
                ["architecture"] = cell,
                ["layers"] = 2,
                ["width"] = 12,
                ["contextLength"] = 7,
                ["dropout"] = 0.1,
                ["weightDrop"] = 0.1,
                ["variationalDropout"] = true,
            },
            ["optimizer"] = new JsonObject { ["learningRate"] = 0.02 },
            ["schedule"] = new JsonObject { ["kind"] = "constant", ["warmupSteps"] = 3 },
            ["training"] = new JsonObject { ["batchSize"] = 3, ["computeType"] = "float32", ["checkpointEvery"] = 7 },
            ["evaluation"] = new JsonObject { ["every"] = 8, ["prompts"] = new JsonArray("the"), ["sampleTokens"] = 5 },
        };
    }

    private TrainingResult Run(JsonObject recipe, string name, int steps, bool resume = false)
    {
        JsonObject copy = recipe.DeepClone().AsObject();
        copy["training"]!["steps"] = steps;
        return Trainer.Run(RecipeFile.Read(copy, "recipe"), new TrainerOptions
        {
            RecipeFolder = _folder,
            OutputDirectory = Path.Combine(_folder, name),
            Resume = resume,
            Cancellation = TestContext.Current.CancellationToken,
        });
    }

    private string LastState(string run) =>
        Path.Combine(_folder, run, "state", File.ReadAllText(Path.Combine(_folder, run, "state", "latest")));

    private List<double> Losses(string run) => Column(run, "loss");

    private List<double> Column(string run, string key) =>
        [.. MetricsLog.Read(Path.Combine(_folder, run)).Where(line => line[key] is not null && line["loss"] is not null).Select(line => line[key]!.GetValue<double>())];
}
