using System.Globalization;
using Ashlar.Datasets;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tasks.Translation;

/// <summary>
/// Sequences of random numbers and their copies or reversals: the first test of a sequence-to-sequence model (the reverse task of
/// JoeyNMT's tutorial, the copy task of "The Annotated Transformer").
/// </summary>
internal static class GeneratedPairs
{
    public static (List<SentencePair> Train, List<SentencePair> Validation) Make(GeneratedPairsRecipe recipe, bool reverse)
    {
        RandomSource random = new(recipe.Seed);
        return (
            [.. Draw(random, recipe, recipe.Pairs, recipe.MaximumLength, reverse)],
            [.. Draw(random, recipe, recipe.ValidationPairs, recipe.MaximumLength + recipe.ValidationExtraLength, reverse)]);
    }

    private static IEnumerable<SentencePair> Draw(RandomSource random, GeneratedPairsRecipe recipe, int count, int longest, bool reverse)
    {
        for (int i = 0; i < count; i++)
        {
            string[] numbers = new string[recipe.MinimumLength + (int)random.Next(longest - recipe.MinimumLength + 1)];
            for (int j = 0; j < numbers.Length; j++)
                numbers[j] = random.Next(recipe.Values).ToString(CultureInfo.InvariantCulture);
            yield return new SentencePair(string.Join(' ', numbers), string.Join(' ', reverse ? numbers.Reverse() : numbers));
        }
    }
}
