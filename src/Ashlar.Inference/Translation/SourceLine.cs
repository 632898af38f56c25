namespace Ashlar.Inference.Translation;

/// <summary>A line to translate, or what is wrong with it.</summary>
/// <param name="Number">Line number from 1.</param>
/// <param name="Text">The line; null when it could not be read.</param>
/// <param name="Fault">What is wrong, as the end of a sentence ("is not UTF-8 at byte 5"); null when nothing is.</param>
public readonly record struct SourceLine(long Number, string? Text, string? Fault = null);

/// <summary>A line in source tokens.</summary>
/// <param name="Number">Line number from 1.</param>
/// <param name="Tokens">At least one token.</param>
public readonly record struct EncodedLine(long Number, int[] Tokens);

/// <summary>What became of a line.</summary>
/// <typeparam name="T">A translation.</typeparam>
/// <param name="Line">The line; without its text where it has a fault.</param>
/// <param name="Tokens">The tokens that were read; empty where nothing was translated.</param>
/// <param name="Value">The translation; null for an empty line and for one with a fault.</param>
/// <param name="Fault">Why the line was not translated, as the end of a sentence; null when nothing is wrong.</param>
public readonly record struct LineResult<T>(SourceLine Line, int[] Tokens, T? Value, string? Fault)
    where T : class;
