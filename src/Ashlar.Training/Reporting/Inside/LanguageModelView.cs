using System.Text;
using Ashlar.Inference;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>The view of a model that continues text.</summary>
internal abstract class LanguageModelView : ISentenceView
{
    public abstract string Title { get; }

    public abstract string Explanation { get; }

    public void Draw(SentencePage page, string runDirectory, IReadOnlyList<string> sentences)
    {
        using LoadedModel model = LoadedModel.Load(runDirectory, threadCount: 1);
        for (int i = 0; i < sentences.Count; i++)
            Draw(page.Body, model, sentences[i], $"inside-{i}");
    }

    public Picture Picture(string runDirectory, string sentence)
    {
        using LoadedModel model = LoadedModel.Load(runDirectory, threadCount: 1);
        return Picture(model, sentence);
    }

    /// <summary>Draws one sentence.</summary>
    /// <param name="page">Receives HTML.</param>
    /// <param name="model">The run's model.</param>
    /// <param name="sentence">The sentence.</param>
    /// <param name="name">A name that no other picture of the page has, for its <c>details</c>.</param>
    protected abstract void Draw(StringBuilder page, LoadedModel model, string sentence, string name);

    /// <summary>The picture of one sentence.</summary>
    protected abstract Picture Picture(LoadedModel model, string sentence);
}
