using Ashlar.Inference;
using Ashlar.Training.Native;

namespace Ashlar.Cli;

/// <summary>
/// Tells a user's mistake from a defect. The libraries raise <see cref="InvalidDataException"/> for wrong content,
/// <see cref="ContextOverflowException"/> for a text that is too long and the usual file exceptions for wrong paths, each with one sentence that names the file, key or value.
/// </summary>
internal static class UserMistake
{
    /// <summary>The sentence to print, or null when the exception is a defect.</summary>
    public static string? Describe(Exception failure) => failure switch
    {
        InvalidDataException => OneLine(failure.Message),
        FileNotFoundException missing when missing.FileName?.EndsWith(".dll", StringComparison.Ordinal) != true => OneLine(failure.Message),
        DirectoryNotFoundException => OneLine(failure.Message),
        UnauthorizedAccessException => OneLine(failure.Message),
        ContextOverflowException => OneLine(failure.Message),
        TorchUnavailableException => OneLine(failure.Message),
        AggregateException { InnerExceptions: [{ } only] } => Describe(only),
        TypeInitializationException { InnerException: { } inner } => Describe(inner),
        _ => null,
    };

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").Trim();
}
