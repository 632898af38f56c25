using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Ashlar.Datasets.Parallel;
using Ashlar.Inference.Translation;
using Ashlar.Training.Recipes;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>How a translation model translates a sentence: attention for every layer and head, the beams, the sentence vector.</summary>
internal sealed class TranslationView : ISentenceView
{
    // A run is drawn whatever keys its recipe had in its time.
    private static readonly JsonSerializerOptions AnyAge = new(RecipeFile.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    public string Title => "Inside: how sentences are translated";

    public string Explanation =>
        "What each token of the translation took from the source, in one layer and head or in the mean of all; the search that found it; and, for a model "
        + "without attention, the vector that is all the decoder knows of the sentence.";

    public void Draw(SentencePage page, string runDirectory, IReadOnlyList<string> sentences)
    {
        using LoadedTranslator loaded = LoadedTranslator.Load(runDirectory, threadCount: 1);
        for (int i = 0; i < sentences.Count; i++)
        {
            TranslationInsight insight = TranslationInsights.Of(loaded.Translator, sentences[i], Options(runDirectory, sentences[i]));
            page.Body.Append(CultureInfo.InvariantCulture, $"<figure class=\"sentence\"><figcaption>{WebUtility.HtmlEncode(sentences[i])} → <b>{WebUtility.HtmlEncode(insight.Translation)}</b></figcaption>\n");
            AttentionReport.Append(page, insight, $"inside-{i}", heading: 3);
            page.Body.Append("</figure>\n");
        }
    }

    public Picture Picture(string runDirectory, string sentence)
    {
        using LoadedTranslator loaded = LoadedTranslator.Load(runDirectory, threadCount: 1);
        TranslationInsight insight = TranslationInsights.Of(loaded.Translator, sentence, Options(runDirectory, sentence));
        string title = $"{insight.Source} → {insight.Translation}";
        return insight.Attention is [{ } maps, ..]
            ? HeatMap.Draw(title, maps.Rows, maps.Columns, maps.Choose())
            : VectorStrips.Draw(title, insight.Vectors);
    }

    // A model that reads language tags is asked for the direction that its recipe names for the sentence.
    private static TranslationOptions Options(string runDirectory, string sentence)
    {
        string path = Path.Combine(runDirectory, "recipe.json");
        if (!File.Exists(path))
            return new TranslationOptions();
        JsonObject recipe = RecipeFile.ReadObject(path);
        TranslationRecipe translation = recipe["translation"]?.Deserialize<TranslationRecipe>(AnyAge) ?? new();
        int index = (recipe["evaluation"]?.Deserialize<EvaluationRecipe>(AnyAge) ?? new()).LookInside.ToList().IndexOf(sentence);
        TranslationDirection? direction = RecipeDirections.OfSentence(translation, index < 0 ? [] : translation.Directions.LookInside, index);
        return new TranslationOptions { SourceLanguage = direction?.Source, TargetLanguage = direction?.Target };
    }
}
