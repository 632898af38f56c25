using Ashlar.Datasets.Parallel;

namespace Ashlar.Training.Recipes;

/// <summary>Which way each file and each sentence of a recipe is translated.</summary>
internal static class RecipeDirections
{
    /// <summary>That of one entry of a list.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="list">The list's directions; empty if it has none of its own.</param>
    /// <param name="index">The entry.</param>
    /// <returns>Null if the recipe names none.</returns>
    public static TranslationDirection? Of(TranslationRecipe recipe, IReadOnlyList<string> list, int index) =>
        list.Count > 0 ? TranslationDirection.Parse(list[index]) : recipe.Direction is { } all ? TranslationDirection.Parse(all) : null;

    /// <summary>That of one of the recipe's sentences: without a word about it, the first that is trained.</summary>
    public static TranslationDirection? OfSentence(TranslationRecipe recipe, IReadOnlyList<string> list, int index) =>
        Of(recipe, list, index) ?? Trained(recipe).FirstOrDefault();

    /// <summary>All that are trained, each once, in the order of the files; those of the files first and then their reverse.</summary>
    public static IReadOnlyList<TranslationDirection> Trained(TranslationRecipe recipe)
    {
        IEnumerable<string> named = recipe.Directions.Train.Count > 0 ? recipe.Directions.Train : recipe.Direction is { } all ? [all] : [];
        TranslationDirection[] ways = [.. named.Select(TranslationDirection.Parse)];
        return [.. ways.Concat(recipe.BothDirections ? ways.Select(way => way.Reversed) : []).Distinct()];
    }

    /// <summary>The tokens of the source vocabulary that ask for a trained direction.</summary>
    public static string[] Tags(TranslationRecipe recipe)
    {
        IReadOnlyList<TranslationDirection> ways = recipe.Tags == TagChoice.None ? [] : Trained(recipe);
        IEnumerable<string> targets = ways.Select(way => way.TargetTag);
        return [.. (recipe.Tags == TagChoice.SourceAndTarget ? targets.Concat(ways.Select(way => way.SourceTag)) : targets).Distinct()];
    }
}
