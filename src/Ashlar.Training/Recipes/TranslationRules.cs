namespace Ashlar.Training.Recipes;

/// <summary>What a translation recipe's values must satisfy before a run starts.</summary>
internal static class TranslationRules
{
    /// <param name="recipe">The recipe.</param>
    /// <param name="fail">Told key, value and what was expected; throws.</param>
    public static void Check(Recipe recipe, Action<string, object, string> fail)
    {
        TranslationRecipe t = recipe.Translation;
        if (recipe.Model.Architecture is not ("transformer" or "seq2seq"))
            fail("model.architecture", recipe.Model.Architecture, "transformer or seq2seq, because task is translation");
        if (recipe.Data.Format is not (DataFormat.Parallel or DataFormat.ParallelText or DataFormat.ParallelTsv or DataFormat.ParallelJsonl or DataFormat.GeneratedReverse or DataFormat.GeneratedCopy))
            fail("data.format", recipe.Data.Format, "parallel, parallel-text, parallel-tsv, parallel-jsonl, generated-reverse or generated-copy, because task is translation");
        bool generated = recipe.Data.Format is DataFormat.GeneratedReverse or DataFormat.GeneratedCopy;
        UnreadKeys.Check(recipe.Model, fail);
        TranslationModelRules.Check(recipe, fail);
        if (recipe.Data.Exclude.Count > 0)
            fail("data.exclude", $"{recipe.Data.Exclude.Count} files", "none, because task is translation, which does not read it");
        foreach ((string key, IReadOnlyList<string> files) in ((string, IReadOnlyList<string>)[])[("train", recipe.Data.Train), ("validation", recipe.Data.Validation), ("test", recipe.Data.Test)])
        {
            if (generated && files.Count > 0)
                fail("data." + key, $"{files.Count} {(files.Count == 1 ? "file" : "files")}", "none, because data.format makes its own sequences");
            if (ParallelCorpus.Of(recipe.Data.Format, files).FirstOrDefault(corpus => corpus.Format == DataFormat.ParallelText && corpus.Target is null) is { } half)
                fail("data." + key, $"{half.Source} without a file of targets after it", "a source file and a target file, in turn");
        }

        TranslationDirectionRules.Check(recipe, fail);
        if (t.SourceTokenizer is { } source)
            RecipeRules.CheckTokenizer(source, "translation.sourceTokenizer", fail);
        NotNegative("sourceColumn", t.SourceColumn);
        NotNegative("targetColumn", t.TargetColumn);
        NotNegative("maximumSourceLength", t.MaximumSourceLength);
        NotNegative("maximumTargetLength", t.MaximumTargetLength);
        NotNegative("batchTokens", t.BatchTokens);
        NotNegative("scheduledSamplingSteps", t.ScheduledSamplingSteps);
        NotNegative("evaluationSentences", t.EvaluationSentences);
        Positive("bucketWidth", t.BucketWidth);
        Positive("beamCount", t.BeamCount);
        Positive("maximumTranslationLength", t.MaximumTranslationLength);
        Between("labelSmoothing", t.LabelSmoothing, 0, 0.999);
        Between("lengthPenalty", t.LengthPenalty, 0, 10);
        Between("scheduledSampling", t.ScheduledSampling, 0, 1);
        if (t.ScheduledSampling > 0 && recipe.Model.Architecture == "transformer")
            fail("translation.scheduledSampling", t.ScheduledSampling, "0, because a transformer reads all target positions at once");
        if (t.MaximumRatio is not (0 or >= 1))
            fail("translation.maximumRatio", t.MaximumRatio, "0 or at least 1");
        if (t.Criterion == TranslationCriterion.Bleu && t.EvaluationSentences == 0)
            fail("translation.evaluationSentences", 0, "at least 1, because translation.criterion is bleu");
        Positive("generated.pairs", t.Generated.Pairs);
        Positive("generated.validationPairs", t.Generated.ValidationPairs);
        Positive("generated.values", t.Generated.Values);
        Positive("generated.minimumLength", t.Generated.MinimumLength);
        NotNegative("generated.validationExtraLength", t.Generated.ValidationExtraLength);
        if (t.Generated.MaximumLength < t.Generated.MinimumLength)
            fail("translation.generated.maximumLength", t.Generated.MaximumLength, $"at least translation.generated.minimumLength ({t.Generated.MinimumLength})");

        void NotNegative(string key, int value)
        {
            if (value < 0)
                fail("translation." + key, value, "0 or more");
        }

        void Positive(string key, int value)
        {
            if (value <= 0)
                fail("translation." + key, value, "a whole number of at least 1");
        }

        void Between(string key, double value, double low, double high)
        {
            if (!(value >= low && value <= high))
                fail("translation." + key, value, $"between {low} and {high}");
        }
    }
}
