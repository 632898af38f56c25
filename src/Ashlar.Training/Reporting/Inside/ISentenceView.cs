using System.Text;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference;
using Ashlar.Inference.Models.NGrams;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>
/// Draws what a kind of model does while it reads a sentence, as a part of a run's report: plain HTML and SVG that open and close
/// without a script, can be walked through by keyboard, and say in words or numbers what they also say by colour.
/// </summary>
internal interface ISentenceView
{
    /// <summary>The section's heading.</summary>
    string Title { get; }

    /// <summary>How to read the picture: a paragraph of HTML.</summary>
    string Explanation { get; }

    /// <summary>Draws one sentence.</summary>
    /// <param name="page">Receives HTML.</param>
    /// <param name="model">The run's model.</param>
    /// <param name="sentence">The sentence.</param>
    /// <param name="name">A name that no other picture of the page has, for its <c>details</c>.</param>
    void Draw(StringBuilder page, LoadedModel model, string sentence, string name);
}

/// <summary>The views there are, by the <c>model_type</c> of a run.</summary>
internal static class SentenceViews
{
    private static readonly Dictionary<string, ISentenceView> Views = new()
    {
        [NGramConfiguration.ModelType] = new BackoffView(),
        [RecurrentConfiguration.ModelType] = new UnrolledView(),
    };

    /// <summary>The view of a kind of model, or null.</summary>
    public static ISentenceView? Of(string modelType) => Views.GetValueOrDefault(modelType);

    /// <summary>Draws all sentences of a run; nothing if there are none.</summary>
    /// <param name="page">Receives HTML.</param>
    /// <param name="runDirectory">The run.</param>
    /// <param name="sentences">The sentences, those a reader asked for first.</param>
    /// <param name="asked">Whether a reader asked: then a kind without a view is an error.</param>
    /// <exception cref="InvalidDataException">There is no picture for this kind of model.</exception>
    public static void Append(StringBuilder page, string runDirectory, IReadOnlyList<string> sentences, bool asked)
    {
        if (sentences.Count == 0 || !File.Exists(Path.Combine(runDirectory, "config.json")))
            return;
        string type = ModelFamilies.TypeOf(runDirectory);
        if (Of(type) is not { } view)
        {
            if (asked)
                throw new InvalidDataException($"{runDirectory}: there is no picture of a sentence for models of type {type}; expected one of {string.Join(", ", Views.Keys)}.");
            return;
        }

        using LoadedModel model = LoadedModel.Load(runDirectory, threadCount: 1);
        page.Append("<h2>").Append(view.Title).Append("</h2><p class=\"note\">").Append(view.Explanation).Append("</p>\n");
        for (int i = 0; i < sentences.Count; i++)
            view.Draw(page, model, sentences[i], $"inside-{i}");
    }
}
