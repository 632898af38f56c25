using System.Text;
using Ashlar.Training.Reporting.Pictures;

namespace Ashlar.Training.Reporting.Inside;

/// <summary>
/// Draws what a kind of model does with a sentence, as a part of a run's report: plain HTML and SVG that open and close
/// without a script, can be walked through by keyboard, and say in words or numbers what they also say by colour.
/// </summary>
internal interface ISentenceView
{
    /// <summary>The section's heading.</summary>
    string Title { get; }

    /// <summary>How to read the picture: a paragraph of HTML.</summary>
    string Explanation { get; }

    /// <summary>Draws sentences.</summary>
    /// <param name="page">Receives them.</param>
    /// <param name="runDirectory">The run.</param>
    /// <param name="sentences">The sentences.</param>
    void Draw(SentencePage page, string runDirectory, IReadOnlyList<string> sentences);

    /// <summary>The picture of one sentence, to stand in a file of its own.</summary>
    /// <param name="runDirectory">The run.</param>
    /// <param name="sentence">The sentence.</param>
    Picture Picture(string runDirectory, string sentence);
}

/// <summary>A page that is being written.</summary>
/// <param name="Body">HTML.</param>
/// <param name="Rules">Rules of CSS that the pictures need of their own.</param>
internal sealed record SentencePage(StringBuilder Body, StringBuilder Rules);
