namespace Ashlar.Datasets.Text;

/// <summary>One line of a text file, or what is wrong with it.</summary>
/// <param name="Number">Line number from 1.</param>
/// <param name="Text">The line without its end; null when it cannot be read.</param>
/// <param name="Fault">What is wrong, as the end of a sentence ("is not UTF-8 at byte 5"); null when nothing is.</param>
public readonly record struct TextLine(long Number, string? Text, string? Fault = null);
