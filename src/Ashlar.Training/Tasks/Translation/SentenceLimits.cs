using Ashlar.Datasets.Parallel;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tasks.Translation;

/// <summary>
/// Whether all that a run is going to read fits into its model (<c>model.contextLength</c>, which only a Transformer has) and into a
/// batch. Asked before the first step, so that no sentence ends a run halfway.
/// </summary>
internal sealed class SentenceLimits(Recipe recipe, ParallelEncoder encoder)
{
    private readonly int _longest = recipe.Model.Architecture == "transformer" ? recipe.Model.ContextLength : int.MaxValue;

    /// <summary>A pair that is trained on; the recipe's filter has let it pass.</summary>
    /// <exception cref="InvalidDataException">A side is longer than the model or a batch.</exception>
    public void CheckTraining(string key, SentencePair pair, ParallelExample example)
    {
        Check(Source(key, pair), example.Source.Length, Filter("maximumSourceLength", example.Source.Length - encoder.SourceTokenizer.Encode(pair.Source).Length));
        Check(Target(key, pair), example.TargetSteps, Filter("maximumTargetLength", 1));
        int longer = Math.Max(example.Source.Length, example.TargetSteps), room = recipe.Translation.BatchTokens;
        if (room > 0 && longer > room)
            throw new InvalidDataException($"{recipe.Name}: translation.batchTokens is {room}; expected at least {longer}, the length of {Where(key, pair)}, or a smaller translation.maximumSourceLength and maximumTargetLength, which leave such pairs out.");

        string Filter(string name, int around) =>
            _longest > around ? $", or a translation.{name} of at most {_longest - around}, which leaves such pairs out" : "";
    }

    /// <summary>A pair that is scored; none is left out.</summary>
    /// <exception cref="InvalidDataException">A side is longer than the model.</exception>
    public void CheckValidation(string key, SentencePair pair, ParallelExample example)
    {
        Check(Source(key, pair), example.Source.Length);
        Check(Target(key, pair), example.TargetSteps);
    }

    /// <summary>Pairs of which only the sources are read, to be translated.</summary>
    /// <exception cref="InvalidDataException">A source is longer than the model.</exception>
    public void CheckSources(string key, IEnumerable<SentencePair> pairs)
    {
        if (_longest == int.MaxValue)
            return;
        foreach (SentencePair pair in pairs)
            Check(Source(key, pair), encoder.EncodeSource(pair.Source, pair.Direction).Length);
    }

    /// <summary>Sentences of the recipe itself.</summary>
    /// <exception cref="InvalidDataException">One is longer than the model.</exception>
    public void CheckSentences(string key, IReadOnlyList<string> sentences, Func<int, TranslationDirection?> direction)
    {
        for (int i = 0; i < sentences.Count && _longest < int.MaxValue; i++)
            Check($"{key}[{i}]", encoder.EncodeSource(sentences[i], direction(i)).Length);
    }

    private void Check(string sentence, int length, string otherwise = "")
    {
        if (length > _longest)
            throw new InvalidDataException($"{recipe.Name}: model.contextLength is {_longest}; expected at least {length}, the tokens of {sentence}, tags and end included{otherwise}.");
    }

    private static string Source(string key, SentencePair pair) => $"the source in {Where(key, pair)}";

    private static string Target(string key, SentencePair pair) => $"the target in {Where(key, pair)}";

    private static string Where(string key, SentencePair pair) => pair.File is null ? key : $"{key}, {pair.File}, line {pair.Line}";
}
