using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Ashlar.Datasets.Parallel;
using Ashlar.Inference.Translation;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>How a translation model translates a sentence: attention for every layer and head, the beams, the sentence vector.</summary>
internal sealed class TranslationView : ISentenceView
{
    public string Title => "Inside: how sentences are translated";

    public string Explanation =>
        "What each token of the translation took from the source, in one layer and head or in the mean of all; the search that found it; and, for a model "
        + "without attention, the vector that is all the decoder knows of the sentence.";

    public void Draw(SentencePage page, string runDirectory, IReadOnlyList<string> sentences)
    {
        using LoadedTranslator loaded = LoadedTranslator.Load(runDirectory, threadCount: 1);
        TranslationOptions options = Options(runDirectory);
        for (int i = 0; i < sentences.Count; i++)
        {
            TranslationInsight insight = TranslationInsights.Of(loaded.Translator, sentences[i], options);
            page.Body.Append(CultureInfo.InvariantCulture, $"<figure class=\"sentence\"><figcaption>{WebUtility.HtmlEncode(sentences[i])} → <b>{WebUtility.HtmlEncode(insight.Translation)}</b></figcaption>\n");
            AttentionReport.Append(page, insight, $"inside-{i}", heading: 3);
            page.Body.Append("</figure>\n");
        }
    }

    public Picture Picture(string runDirectory, string sentence)
    {
        using LoadedTranslator loaded = LoadedTranslator.Load(runDirectory, threadCount: 1);
        TranslationInsight insight = TranslationInsights.Of(loaded.Translator, sentence, Options(runDirectory));
        string title = $"{insight.Source} → {insight.Translation}";
        return insight.Attention is [{ } maps, ..]
            ? HeatMap.Draw(title, maps.Rows, maps.Columns, maps.Choose())
            : VectorStrips.Draw(title, insight.Vectors);
    }

    // A model that reads language tags is asked for the direction that its recipe names.
    private static TranslationOptions Options(string runDirectory)
    {
        string recipe = Path.Combine(runDirectory, "recipe.json");
        string? named = File.Exists(recipe) ? (string?)JsonNode.Parse(File.ReadAllText(recipe))?["translation"]?["direction"] : null;
        TranslationDirection? direction = named is null ? null : TranslationDirection.Parse(named);
        return new TranslationOptions { SourceLanguage = direction?.Source, TargetLanguage = direction?.Target };
    }
}
