using System.Reflection;
using System.Text.Json;

namespace Ashlar.Training.Recipes;

/// <summary>
/// Keys of <c>model</c> that a translation architecture does not read. One that is set all the same would be passed over in silence,
/// and two runs that were to differ would be the same.
/// </summary>
internal static class UnreadKeys
{
    private static readonly string[] Transformer =
    [
        nameof(ModelRecipe.Size), nameof(ModelRecipe.Architecture), nameof(ModelRecipe.Layers), nameof(ModelRecipe.Heads), nameof(ModelRecipe.Width),
        nameof(ModelRecipe.FeedForwardWidth), nameof(ModelRecipe.ContextLength), nameof(ModelRecipe.Dropout), nameof(ModelRecipe.TieEmbeddings),
        nameof(ModelRecipe.Transformer), nameof(ModelRecipe.InitializeFrom),
    ];

    private static readonly string[] Recurrent =
    [
        nameof(ModelRecipe.Architecture), nameof(ModelRecipe.Layers), nameof(ModelRecipe.Width), nameof(ModelRecipe.Dropout), nameof(ModelRecipe.TieEmbeddings),
        nameof(ModelRecipe.Seq2seq), nameof(ModelRecipe.InitializeFrom),
    ];

    /// <summary>Fails at the first key that is not as it is by default and is not read. A recipe that is written out whole names every key.</summary>
    /// <param name="model">The model of a translation recipe.</param>
    /// <param name="fail">Told key, value and what was expected; throws.</param>
    public static void Check(ModelRecipe model, Action<string, object, string> fail)
    {
        string[] read = model.Architecture == "transformer" ? Transformer : Recurrent;
        if (model.Transformer.Positions == "rotary")
            read = [.. read, nameof(ModelRecipe.RopeTheta)];
        string reason = $"because model.architecture is {model.Architecture}" + (model.Architecture == "transformer" && model.RopeTheta != new ModelRecipe().RopeTheta
            ? $" with {model.Transformer.Positions} positions" : "") + ", which does not read it";
        Check(model, new ModelRecipe(), "model.", read, reason, fail);
    }

    private static void Check(object section, object defaults, string prefix, string[] read, string reason, Action<string, object, string> fail)
    {
        foreach (PropertyInfo property in section.GetType().GetProperties().Where(property => property.CanWrite && !read.Contains(property.Name)))
        {
            object? value = property.GetValue(section), otherwise = property.GetValue(defaults);
            if (Equals(value, otherwise))
                continue;
            string key = prefix + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (value is TransformerRecipe or Seq2SeqRecipe)
                Check(value, otherwise!, key + ".", [], reason, fail);
            else
                fail(key, Written(value), $"it left out ({Written(otherwise)}), {reason}");
        }
    }

    private static string Written(object? value) => JsonSerializer.Serialize(value, RecipeFile.Options);
}
