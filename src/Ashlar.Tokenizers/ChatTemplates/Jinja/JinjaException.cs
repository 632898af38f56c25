namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>A template that can't be parsed or evaluated; <see cref="ChatTemplate"/> turns it into one sentence with the line.</summary>
internal sealed class JinjaException(string message, int line = 0) : Exception(message)
{
    /// <summary>Line of the template, from 1; 0 until the evaluator has said where it happened.</summary>
    public int Line { get; set; } = line;

    /// <summary>True where the template itself refused the conversation by <c>raise_exception</c>.</summary>
    public bool RaisedByTemplate { get; init; }
}
