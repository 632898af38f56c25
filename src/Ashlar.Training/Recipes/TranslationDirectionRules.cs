using Ashlar.Datasets.Parallel;
using Ashlar.Evaluation.Translation;

namespace Ashlar.Training.Recipes;

/// <summary>What a translation recipe says of languages: directions, tags, and the tokenizer that goes with a language.</summary>
internal static class TranslationDirectionRules
{
    /// <param name="recipe">The recipe.</param>
    /// <param name="fail">Told key, value and what was expected; throws.</param>
    public static void Check(Recipe recipe, Action<string, object, string> fail)
    {
        TranslationRecipe t = recipe.Translation;
        bool tagged = t.Tags != TagChoice.None;
        if (t.Direction is { } all)
            Direction("translation.direction", all);
        (string Key, IReadOnlyList<string> Named, string Of, int Count)[] lists =
        [
            ("train", t.Directions.Train, "corpus in data.train", Corpora(recipe.Data.Train)),
            ("validation", t.Directions.Validation, "corpus in data.validation", Corpora(recipe.Data.Validation)),
            ("test", t.Directions.Test, "corpus in data.test", Corpora(recipe.Data.Test)),
            ("prompts", t.Directions.Prompts, "entry of evaluation.prompts", recipe.Evaluation.Prompts.Count),
            ("lookInside", t.Directions.LookInside, "entry of evaluation.lookInside", recipe.Evaluation.LookInside.Count),
        ];
        foreach ((string key, IReadOnlyList<string> named, string of, int count) in lists)
        {
            if (named.Count > 0 && named.Count != count)
                fail($"translation.directions.{key}", $"{named.Count} {(named.Count == 1 ? "direction" : "directions")}", $"{count}, one for each {of}");
            for (int i = 0; i < named.Count; i++)
                Direction($"translation.directions.{key}[{i}]", named[i]);
        }

        IReadOnlyList<TranslationDirection> trained = RecipeDirections.Trained(t);
        string[] targets = [.. trained.Select(way => way.Target).Distinct()];
        bool generated = recipe.Data.Format is DataFormat.GeneratedReverse or DataFormat.GeneratedCopy;
        if (tagged && generated)
            fail("translation.tags", t.Tags == TagChoice.Target ? "target" : "source-and-target", "none, because data.format makes sequences of no language");
        if (tagged && trained.Count == 0)
            fail("translation.direction", "missing", "two languages such as zh-en, or translation.directions.train, because translation.tags is set");
        if (t.BothDirections && (!tagged || t.SourceTokenizer is not null))
            fail("translation.bothDirections", "true", "translation.tags and one vocabulary, so that the model knows which way to go");
        if (!tagged && targets.Length > 1)
            fail("translation.tags", "none", $"target or source-and-target, because translation.directions.train has several target languages ({string.Join(", ", targets)})");
        if (tagged)
            Known();
        Tokenizer();

        int Corpora(IReadOnlyList<string> files) => ParallelCorpus.Of(recipe.Data.Format, files).Count;

        // A list of files without its own directions needs that of all; a direction asked for needs tags that are trained.
        void Known()
        {
            foreach ((string key, IReadOnlyList<string> named, string _, int count) in lists)
            {
                bool files = key is "validation" or "test";
                if (files && count > 0 && named.Count == 0 && t.Direction is null)
                    fail($"translation.directions.{key}", "missing", $"one for each of the {count} in data.{key}, or translation.direction for all");
                for (int i = 0; i < named.Count; i++)
                    Tagged($"translation.directions.{key}[{i}]", named[i]);
                if (named.Count == 0 && count > 0 && key != "train" && t.Direction is { } direction)
                    Tagged("translation.direction", direction);
            }
        }

        void Tagged(string key, string name)
        {
            TranslationDirection way = TranslationDirection.Parse(name);
            if (!targets.Contains(way.Target))
                fail(key, name, $"a target language that is trained ({string.Join(", ", targets)})");
            string[] sources = [.. trained.Select(other => other.Source).Distinct()];
            if (t.Tags == TagChoice.SourceAndTarget && !sources.Contains(way.Source))
                fail(key, name, $"a source language that is trained ({string.Join(", ", sources)})");
        }

        void Tokenizer()
        {
            if (t.BleuTokenizer != TranslationRecipe.LanguageTokenizer)
            {
                if (!BleuTokenizers.KnownNames.Contains(t.BleuTokenizer))
                    fail("translation.bleuTokenizer", t.BleuTokenizer, string.Join(", ", [.. BleuTokenizers.KnownNames, TranslationRecipe.LanguageTokenizer]));
                return;
            }

            if (generated)
                fail("translation.bleuTokenizer", t.BleuTokenizer, $"{string.Join(", ", BleuTokenizers.KnownNames)}, because data.format makes sequences of no language");
            // Of the pairs that are scored: those of a list that names none have the direction of all.
            foreach ((string key, IReadOnlyList<string> named, string _, int count) in lists.Where(list => list.Key is "train" or "validation" or "test" && (list.Count > 0 || list.Key == "train")))
            {
                if (named.Count == 0 && t.Direction is null)
                    fail("translation.bleuTokenizer", t.BleuTokenizer, $"translation.direction or translation.directions.{key} with it");
            }

            IEnumerable<string> written = lists.SelectMany(list => list.Named).Select(name => TranslationDirection.Parse(name).Target).Concat(targets);
            foreach (string target in written.Where(target => target is "ja" or "ko"))
                fail("translation.bleuTokenizer", t.BleuTokenizer, $"{string.Join(", ", BleuTokenizers.KnownNames)}, because sacreBLEU's tokenizer for {target} needs MeCab, which is not here");
        }

        void Direction(string key, string name)
        {
            try
            {
                TranslationDirection.Parse(name);
            }
            catch (InvalidDataException)
            {
                fail(key, name, "two language codes such as zh-en");
            }
        }
    }
}
