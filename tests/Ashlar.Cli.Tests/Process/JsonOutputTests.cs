using System.Text.Json.Nodes;

namespace Ashlar.Cli.Tests.Process;

/// <summary><c>--json</c>: one object on the standard output, and nothing beside it.</summary>
public sealed class JsonOutputTests : IDisposable
{
    private readonly SmallRun _run = new(checkpointEvery: 1_000_000);

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Of_training_and_of_the_verbs_that_read_what_it_wrote()
    {
        string folder = _run.PathOf("run");
        JsonObject trained = Object(CliProcess.Run(["train", _run.Recipe, "--set", "training.steps=2", "--output", folder, "--json"]));
        Assert.Equal(("completed", 2, folder), ((string)trained["status"]!, (int)trained["steps"]!, (string)trained["folder"]!));
        Assert.InRange((double)trained["validationLoss"]!, 0.1, 10);
        Assert.True((double)trained["unigramLoss"]! < (double)trained["uniformLoss"]!);
        Assert.True(File.Exists((string)trained["report"]!));
        Assert.Null(trained["resume"]);

        JsonObject generated = InProcess("generate", folder, "--prompt", "the", "--tokens", "4", "--seed", "1", "--json");
        Assert.Equal(("the", "max-tokens", 3, 4), ((string)generated["prompt"]!, (string)generated["finishReason"]!, (int)generated["promptTokens"]!, (int)generated["generatedTokens"]!));
        Assert.Equal(4, ((string)generated["text"]!).Length);
        Assert.Equal(4, generated["tokens"]!.AsArray().Count);

        // One beam is greedy; of more, the likeliest comes first.
        JsonObject greedy = InProcess("generate", folder, "--prompt", "the", "--tokens", "6", "--temperature", "0", "--json");
        JsonObject one = InProcess("generate", folder, "--prompt", "the", "--tokens", "6", "--beam", "1", "--json");
        JsonObject four = InProcess("generate", folder, "--prompt", "the", "--tokens", "6", "--beam", "4", "--json");
        Assert.Equal((string)greedy["text"]!, (string)one["text"]!);
        Assert.Equal(4, four["beams"]!.AsArray().Count);
        double[] likely = [.. four["beams"]!.AsArray().Select(beam => (double)beam!["logProbability"]!)];
        Assert.Equal(likely.OrderDescending(), likely);
        Assert.Equal((string)four["text"]!, (string)four["beams"]![0]!["text"]!);
        Assert.Equal(2, CommandLine.Run(["generate", folder, "--beam", "-1"], new StringWriter(), new StringWriter()));

        JsonObject inspected = InProcess("inspect", folder, "--json");
        Assert.Contains("Llama: 2 layers", (string)inspected["description"]!);
        JsonNode embedding = inspected["tensors"]!.AsArray().Single(tensor => (string)tensor!["name"]! == "model.embed_tokens.weight")!;
        Assert.Equal(("Float32", 64), ((string)embedding["type"]!, (int)embedding["shape"]![1]!));

        JsonObject tokenizer = InProcess("tokenizer", "inspect", folder, "--json");
        Assert.Equal((int)embedding["shape"]![0]!, (int)tokenizer["vocabularySize"]!);

        JsonObject cost = InProcess("eval", folder, "--data", _run.PathOf("text.txt"), "--json");
        Assert.InRange((double)cost["bitsPerByte"]!, 0.1, 15);

        // And the model goes on in another element type.
        StringWriter output = new(), error = new();
        Assert.True(CommandLine.Run(["convert", folder, "--dtype", "bf16", "--output", _run.PathOf("half")], output, error) == 0, error.ToString());
        JsonObject half = InProcess("inspect", _run.PathOf("half"), "--json");
        Assert.All(half["tensors"]!.AsArray(), tensor => Assert.Equal("BFloat16", (string)tensor!["type"]!));
        Assert.Equal(2, CommandLine.Run(["convert", folder, "--dtype", "int3", "--output", _run.PathOf("third")], output, error));
        Assert.False(Directory.Exists(_run.PathOf("third")));
    }

    [Fact]
    public void Of_an_n_gram_model()
    {
        string folder = _run.PathOf("counts");
        JsonObject trained = Object(CliProcess.Run(["train", _run.Recipe, "--set", "task=ngram", "--set", "model={}", "--set", "ngram.order=3", "--set", "training={}", "--set", "evaluation={}", "--output", folder, "--json"]));
        Assert.Equal("completed", (string)trained["status"]!);
        JsonObject inspected = InProcess("inspect", folder, "--json");
        Assert.Equal((3, 3), ((int)inspected["order"]!, inspected["nGrams"]!.AsArray().Count));
    }

    [Fact]
    public void A_shipped_recipe_is_known_by_its_name_anywhere()
    {
        Assert.True(File.Exists(ShippedRecipes.Find("shakespeare-char")));
        Assert.True(File.Exists(ShippedRecipes.Find("recipes/shakespeare-char.json")));
        Assert.Equal("no-such-recipe.json", ShippedRecipes.Find("no-such-recipe.json"));
        Assert.Equal("elsewhere/shakespeare-char.json", ShippedRecipes.Find("elsewhere/shakespeare-char.json"));
    }

    private static JsonObject InProcess(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        return Object((CommandLine.Run(arguments, output, error), output.ToString(), error.ToString()));
    }

    private static JsonObject Object((int ExitCode, string Output, string Error) result)
    {
        Assert.True(result.ExitCode == 0, result.Error);
        return JsonNode.Parse(result.Output)!.AsObject();
    }
}
