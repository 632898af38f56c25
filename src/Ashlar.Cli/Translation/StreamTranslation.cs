using System.Globalization;
using Ashlar.Inference.Translation;

namespace Ashlar.Cli.Translation;

/// <summary>What the command line asks of a translation.</summary>
internal sealed record StreamTranslationOptions
{
    /// <summary>Name of the input in messages.</summary>
    public required string Name { get; init; }

    /// <summary>Whether each line is written as <c>number ||| text ||| score</c>, as many times as it has translations.</summary>
    public bool Numbered { get; init; }

    /// <summary>Whether a bad line ends the work.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether each result is to be seen at once.</summary>
    public bool Flush { get; init; }

    /// <summary>Told after each line how many there are; null for nobody.</summary>
    public Action<long>? Progress { get; init; }
}

/// <summary>
/// Writes translations line by line. Every source line has its line in the output, an empty one where it could not be
/// translated, so that the two files stay parallel.
/// </summary>
/// <param name="output">Receives translations.</param>
/// <param name="alignments">Receives alignments; null for none.</param>
/// <param name="complain">Receives a sentence for each bad line.</param>
/// <param name="options">What is asked.</param>
internal sealed class StreamTranslation(TextWriter output, AlignmentWriter? alignments, Action<string> complain, StreamTranslationOptions options)
{
    /// <summary>Lines written.</summary>
    public long Lines { get; private set; }

    /// <summary>How many of them were bad.</summary>
    public long Bad { get; private set; }

    /// <summary>Writes to the end.</summary>
    /// <exception cref="InvalidDataException">A line is bad, and that is not to be passed over.</exception>
    public void Run(IEnumerable<TranslatedLine> lines)
    {
        foreach (TranslatedLine line in lines)
        {
            Lines++;
            if (line.Problem is { } problem)
            {
                Bad++;
                string sentence = $"{options.Name}: line {line.Number}: {problem}";
                if (options.Strict)
                    throw new InvalidDataException(sentence);
                complain($"ashlar: {sentence} Its translation is left empty.");
            }

            Write(line);
            options.Progress?.Invoke(Lines);
            if (options.Flush)
                output.Flush();
        }
    }

    private void Write(TranslatedLine line)
    {
        if (line.Translations.Count == 0)
        {
            output.WriteLine(options.Numbered ? $"{line.Number} |||  ||| " : "");
            alignments?.Write(line.Number, null);
            return;
        }

        foreach (TranslatedText translation in line.Translations)
        {
            // A translation is a line, whatever its tokens spell.
            string text = translation.Text.ReplaceLineEndings(" ");
            output.WriteLine(options.Numbered
                ? string.Create(CultureInfo.InvariantCulture, $"{line.Number} ||| {text} ||| {translation.Score:F4}")
                : text);
            alignments?.Write(line.Number, translation.Attention);
        }
    }
}
