using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference;
using Ashlar.Inference.Models.NGrams;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>The views there are, by the <c>model_type</c> of a run.</summary>
internal static class SentenceViews
{
    private static readonly Dictionary<string, ISentenceView> Views = new()
    {
        [NGramConfiguration.ModelType] = new BackoffView(),
        [RecurrentConfiguration.ModelType] = new UnrolledView(),
        [RecurrentTranslationConfiguration.ModelType] = new TranslationView(),
        [TransformerConfiguration.ModelType] = new TranslationView(),
        [TransformerConfiguration.MarianType] = new TranslationView(),
    };

    /// <summary>The view of a run's kind of model.</summary>
    /// <exception cref="InvalidDataException">There is no picture for this kind of model.</exception>
    public static ISentenceView Of(string runDirectory) => ModelFamilies.TypeOf(runDirectory) is { } type && Views.TryGetValue(type, out ISentenceView? view)
        ? view
        : throw new InvalidDataException(
            $"{runDirectory}: there is no picture of a sentence for models of type {ModelFamilies.TypeOf(runDirectory)}; expected one of {string.Join(", ", Views.Keys)}.");

    /// <summary>Draws all sentences of a run; nothing if there are none.</summary>
    /// <param name="page">Receives HTML.</param>
    /// <param name="runDirectory">The run.</param>
    /// <param name="sentences">The sentences, those a reader asked for first.</param>
    /// <param name="asked">Whether a reader asked: then a kind without a view is an error.</param>
    /// <exception cref="InvalidDataException">There is no picture for this kind of model.</exception>
    public static void Append(SentencePage page, string runDirectory, IReadOnlyList<string> sentences, bool asked)
    {
        if (sentences.Count == 0 || !File.Exists(Path.Combine(runDirectory, "config.json")))
            return;
        if (!asked && !Views.ContainsKey(ModelFamilies.TypeOf(runDirectory)))
            return;
        ISentenceView view = Of(runDirectory);
        page.Body.Append("<h2>").Append(view.Title).Append("</h2><p class=\"note\">").Append(view.Explanation).Append("</p>\n");
        view.Draw(page, runDirectory, sentences);
    }
}
