using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tests;

public sealed class ModelSizesTests
{
    // GPT-1 and GPT-2: the sums over the published checkpoints' tensors (openai-gpt, gpt2, gpt2-medium, gpt2-large, gpt2-xl).
    [Theory]
    [InlineData("gpt1", 40_478, 116_534_784)]
    [InlineData("gpt2", 50_257, 124_439_808)]
    [InlineData("gpt2-medium", 50_257, 354_823_168)]
    [InlineData("gpt2-large", 50_257, 774_030_080)]
    [InlineData("gpt2-xl", 50_257, 1_557_611_200)]
    public void Parameters_are_exactly_the_published_checkpoints(string name, int vocabulary, long parameters) =>
        Assert.Equal(parameters, Count(name, vocabulary));

    // Brown et al. 2020, table 2.1, which gives n_params to two or three digits (760M is counted with the table's own rounding).
    [Theory]
    [InlineData("gpt3-125m", 125e6, 0.01)]
    [InlineData("gpt3-350m", 350e6, 0.02)]
    [InlineData("gpt3-760m", 760e6, 0.01)]
    [InlineData("gpt3-1.3b", 1.3e9, 0.02)]
    [InlineData("gpt3-2.7b", 2.7e9, 0.02)]
    [InlineData("gpt3-6.7b", 6.7e9, 0.01)]
    [InlineData("gpt3-13b", 13.0e9, 0.015)]
    [InlineData("gpt3-175b", 175.0e9, 0.003)]
    public void Parameters_are_those_of_the_gpt3_table(string name, double published, double tolerance) =>
        Assert.InRange(Count(name, 50_257) / published, 1 - tolerance, 1 + tolerance);

    [Fact]
    public void A_size_fills_in_what_the_recipe_leaves_open_and_an_override_replaces_all_of_it()
    {
        Recipe recipe = RecipeFile.Read(Json("""{"size": "gpt2-xl", "layers": 2, "dropout": 0.1}"""), "r");
        Assert.Equal((2, 25, 1600, 1024, 0.1), (recipe.Model.Layers, recipe.Model.Heads, recipe.Model.Width, recipe.Model.ContextLength, recipe.Model.Dropout));
        Assert.Equal(recipe.Model, RecipeFile.Read(JsonNode.Parse(RecipeFile.Write(recipe))!.AsObject(), "r").Model);

        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, Json("""{"architecture": "llama", "layers": 2, "dropout": 0.1}""").ToJsonString());
            Recipe set = RecipeFile.Load(path, ["model.size=gpt1", "model.contextLength=64"]);
            Assert.Equal(("gpt1", 12, 768, 64, 0.1), (set.Model.Architecture, set.Model.Layers, set.Model.Width, set.Model.ContextLength, set.Model.Dropout));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void An_unknown_size_is_named_with_those_there_are()
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => RecipeFile.Read(Json("""{"size": "gpt5"}"""), "my.json"));
        Assert.StartsWith("my.json: model.size is gpt5; expected ", error.Message);
        Assert.Contains("gpt2-large", error.Message);
    }

    private static long Count(string name, int vocabulary) =>
        DecoderTensors.CountParameters(ModelShape.Of(ModelSizes.Of(name), vocabulary));

    private static JsonObject Json(string model) => new()
    {
        ["name"] = "r",
        ["data"] = new JsonObject { ["train"] = new JsonArray("x.txt") },
        ["model"] = JsonNode.Parse(model),
    };
}
