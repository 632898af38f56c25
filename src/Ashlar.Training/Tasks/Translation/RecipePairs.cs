using Ashlar.Datasets;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tasks.Translation;

/// <summary>A recipe's pairs as text: read or generated, split, and with both directions turned round.</summary>
internal sealed record RecipePairs(IReadOnlyList<SentencePair> Train, IReadOnlyList<SentencePair> Validation, IReadOnlyList<SentencePair> Test)
{
    /// <summary>Reads all of them.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="options">Where its paths start.</param>
    /// <exception cref="InvalidDataException">A file is not what the recipe says, or nothing is left to train or validate on.</exception>
    public static RecipePairs Read(Recipe recipe, TrainerOptions options)
    {
        (IReadOnlyList<SentencePair> train, IReadOnlyList<SentencePair> validation) = Split(recipe, options);
        // Of nothing there is no translation.
        validation = [.. validation.Where(pair => !string.IsNullOrWhiteSpace(pair.Source))];
        if (train.Count == 0 || validation.Count == 0)
            throw new InvalidDataException($"data: {train.Count} training and {validation.Count} validation pairs with a source; expected at least one of each (name data.validation files or raise data.validationFraction).");
        if (recipe.Translation.BothDirections)
        {
            train = [.. train, .. train.Select(pair => pair.Reversed)];
            validation = [.. validation, .. validation.Select(pair => pair.Reversed)];
        }

        return new RecipePairs(train, validation, Files(recipe, options, recipe.Data.Test, recipe.Translation.Directions.Test, "data.test"));
    }

    private static (IReadOnlyList<SentencePair> Train, IReadOnlyList<SentencePair> Validation) Split(Recipe recipe, TrainerOptions options)
    {
        if (recipe.Data.Format is DataFormat.GeneratedReverse or DataFormat.GeneratedCopy)
            return GeneratedPairs.Make(recipe.Translation.Generated, recipe.Data.Format == DataFormat.GeneratedReverse);
        DirectionsRecipe directions = recipe.Translation.Directions;
        List<SentencePair> train = Files(recipe, options, recipe.Data.Train, directions.Train, "data.train");
        if (recipe.Data.Validation.Count > 0)
            return (train, Files(recipe, options, recipe.Data.Validation, directions.Validation, "data.validation"));
        // By the source alone, so that a sentence with two translations is on one side.
        ILookup<bool, SentencePair> sides = train.ToLookup(pair => DocumentSplit.IsValidation(pair.Source, recipe.Data.ValidationFraction));
        return ([.. sides[false]], [.. sides[true]]);
    }

    private static List<SentencePair> Files(Recipe recipe, TrainerOptions options, IReadOnlyList<string> paths, IReadOnlyList<string> directions, string key)
    {
        TranslationRecipe t = recipe.Translation;
        List<SentencePair> pairs = [];
        foreach ((int i, ParallelCorpus corpus) in ParallelCorpus.Of(recipe.Data.Format, paths).Index())
        {
            TranslationDirection? direction = RecipeDirections.Of(t, directions, i);
            IReadOnlyList<string> source = RecipePaths.Expand([corpus.Source], options.RecipeFolder, key);
            IReadOnlyList<string> target = corpus.Target is null ? source : RecipePaths.Expand([corpus.Target], options.RecipeFolder, key);
            if (source.Count != target.Count)
                throw new InvalidDataException($"{key}: {corpus.Source} names {source.Count} files and {corpus.Target} {target.Count}; expected as many.");
            pairs.AddRange(source.Zip(target).SelectMany(files => corpus.Format switch
            {
                DataFormat.ParallelTsv => ParallelText.FromTsv(files.First, t.SourceColumn, t.TargetColumn, direction),
                DataFormat.ParallelJsonl => ParallelText.FromJsonLines(files.First, Key(t.SourceKey, direction), Key(t.TargetKey, direction), direction),
                _ => ParallelText.FromFiles(files.First, files.Second, direction),
            }));
        }

        return pairs;
    }

    // "translation.{source}" of de-en is translation.de: the layout of Hugging Face's translation datasets.
    private static string Key(string key, TranslationDirection? direction) => direction is null
        ? key
        : key.Replace("{source}", direction.Source, StringComparison.Ordinal).Replace("{target}", direction.Target, StringComparison.Ordinal);
}
