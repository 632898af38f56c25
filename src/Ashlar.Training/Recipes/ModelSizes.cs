using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ashlar.Training.Recipes;

/// <summary>
/// Published shapes by name, for <c>model.size</c>: GPT-1 (Radford et al. 2018, section 4.1), GPT-2 (Radford et al. 2019, table 2),
/// GPT-3 (Brown et al. 2020, table 2.1) and small ones for a CPU (minGPT's names).
/// </summary>
/// <remarks>
/// GPT-3's table gives 24 heads of 128 to the 2,048 wide model and a width of 5,140 to the one with 40 heads of 128; neither
/// multiplies out, so 16 heads and a width of 5,120 stand here. Its layers alternate dense and locally banded sparse attention;
/// all layers are dense here, which changes no parameter.
/// </remarks>
public static class ModelSizes
{
    private static readonly string[] ShapeKeys =
        ["architecture", "layers", "heads", "keyValueHeads", "width", "headWidth", "feedForwardWidth", "contextLength", "tieEmbeddings", "ropeTheta"];

    private static readonly Dictionary<string, ModelRecipe> Named = new()
    {
        ["gpt-nano"] = Gpt2(3, 3, 48, 128),
        ["gpt-micro"] = Gpt2(4, 4, 128, 128),
        ["gpt-mini"] = Gpt2(6, 6, 192, 256),
        ["gpt-baby"] = Gpt2(6, 6, 384, 256),
        ["gopher-44m"] = Gpt2(8, 16, 512, 1024),
        ["gpt1"] = Gpt2(12, 12, 768, 512) with { Architecture = "gpt1" },
        ["gpt2"] = Gpt2(12, 12, 768, 1024),
        ["gpt2-medium"] = Gpt2(24, 16, 1024, 1024),
        ["gpt2-large"] = Gpt2(36, 20, 1280, 1024),
        ["gpt2-xl"] = Gpt2(48, 25, 1600, 1024),
        ["gpt3-125m"] = Gpt2(12, 12, 768, 2048),
        ["gpt3-350m"] = Gpt2(24, 16, 1024, 2048),
        ["gpt3-760m"] = Gpt2(24, 16, 1536, 2048),
        ["gpt3-1.3b"] = Gpt2(24, 16, 2048, 2048),
        ["gpt3-2.7b"] = Gpt2(32, 32, 2560, 2048),
        ["gpt3-6.7b"] = Gpt2(32, 32, 4096, 2048),
        ["gpt3-13b"] = Gpt2(40, 40, 5120, 2048),
        ["gpt3-175b"] = Gpt2(96, 96, 12288, 2048),
    };

    /// <summary>Every name, smallest first within its family.</summary>
    public static IReadOnlyCollection<string> Names => Named.Keys;

    /// <summary>The numbers of a size.</summary>
    /// <exception cref="InvalidDataException">No such size; the sentence lists those that are.</exception>
    public static ModelRecipe Of(string name) => Named.TryGetValue(name, out ModelRecipe? size)
        ? size
        : throw new InvalidDataException($"model.size is {name}; expected {string.Join(", ", Named.Keys)}.");

    /// <summary>Writes the numbers of <c>model.size</c> where the recipe names none of its own.</summary>
    internal static JsonObject Fill(JsonObject recipe, string source)
    {
        if (recipe["model"] is not JsonObject model || model["size"] is not JsonValue value || !value.TryGetValue(out string? name))
            return recipe;
        JsonObject numbers;
        try
        {
            numbers = JsonSerializer.SerializeToNode(Of(name), RecipeFile.Options)!.AsObject();
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{source}: {error.Message}", error);
        }

        JsonObject filled = recipe.DeepClone().AsObject();
        foreach (string key in ShapeKeys)
        {
            if (!model.ContainsKey(key))
                filled["model"]![key] = numbers[key]?.DeepClone();
        }

        return filled;
    }

    /// <summary>Takes a recipe's own numbers away, before another size is set.</summary>
    internal static void Forget(JsonObject recipe)
    {
        if (recipe["model"] is not JsonObject model)
            return;
        foreach (string key in ShapeKeys)
            model.Remove(key);
    }

    private static ModelRecipe Gpt2(int layers, int heads, int width, int context) => new()
    {
        Architecture = "gpt2",
        Layers = layers,
        Heads = heads,
        Width = width,
        ContextLength = context,
    };
}
