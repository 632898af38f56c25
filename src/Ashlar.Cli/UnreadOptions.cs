using System.CommandLine;
using System.CommandLine.Parsing;

namespace Ashlar.Cli;

/// <summary>Refuses options that were given and that nothing would read: who gives one means something by it.</summary>
internal static class UnreadOptions
{
    /// <param name="parsed">The command line.</param>
    /// <param name="why">When nothing reads them, as the end of a sentence ("without --sample").</param>
    /// <param name="options">The options.</param>
    /// <exception cref="InvalidDataException">One of them was given.</exception>
    public static void Refuse(ParseResult parsed, string why, params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options)
        {
            if (parsed.GetResult(option) is OptionResult { Implicit: false })
                throw new InvalidDataException($"{option.Name} is not read {why}; expected it to be left out.");
        }
    }
}
