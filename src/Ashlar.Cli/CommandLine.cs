using System.CommandLine;
using System.CommandLine.Parsing;
using Ashlar.Cli.Commands;

namespace Ashlar.Cli;

/// <summary>The <c>ashlar</c> command: its verbs, and the one place where an exception becomes a sentence and an exit code.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs; a user's mistake is one sentence on <paramref name="error"/> and exit code 2.</summary>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter error)
    {
        ParseResult parsed = Root().Parse(arguments);
        string? unknown = UnknownOption(parsed, arguments);
        if (parsed.Errors.Count > 0 || unknown is not null)
        {
            error.WriteLine($"ashlar: {Sentence(parsed, unknown)}");
            return ExitCode.BadInput;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null, // Ctrl-C is handled by the verbs: they save first
            });
        }
        catch (Exception failure) when (UserMistake.Describe(failure) is { } sentence)
        {
            error.WriteLine($"ashlar: {sentence}");
            return ExitCode.BadInput;
        }
        catch (IOException failure) when (failure is not FileNotFoundException)
        {
            // A full disk, a file that another process holds: neither a defect nor a wrong input.
            error.WriteLine($"ashlar: {failure.Message.ReplaceLineEndings(" ").Trim()}");
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            error.WriteLine("ashlar: interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception failure)
        {
            error.WriteLine($"ashlar: this is a defect of ashlar, not of your input: {failure.GetType().Name}: {failure.Message}");
            if (Environment.GetEnvironmentVariable("ASHLAR_TRACE") is { Length: > 0 })
                error.WriteLine(failure);
            else
                error.WriteLine("Set ASHLAR_TRACE=1 to see where it happened.");
            return ExitCode.Failed;
        }
    }

    internal static RootCommand Root()
    {
        RootCommand root = new("Ashlar: text goes in, a trained chat model comes out.");
        foreach (Command verb in Verbs())
            root.Add(verb);
        return root;
    }

    private static IEnumerable<Command> Verbs() => [
        TourCommand.Create(),
        TrainCommand.Create(),
        GenerateCommand.Create(),
        ChatCommand.Create(),
        TranslateCommand.Create(),
        EvalCommand.Create(),
        TokenizerCommand.Create(),
        DataCommand.Create(),
        InspectCommand.Create(),
        ConvertCommand.Create(),
        ReportCommand.Create(),
    ];

    // The parser takes an option that it does not know for a file's name, if the verb wants one. (After "--" it may be one.)
    private static string? UnknownOption(ParseResult parsed, IReadOnlyList<string> arguments) => arguments.Contains("--")
        ? null
        : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .Select(token => token.Value).FirstOrDefault(word => word.Length > 1 && word[0] == '-');

    private static string Sentence(ParseResult parsed, string? unknown)
    {
        // The parser reports a missing argument before the word it did not know; the unknown word is what was meant wrongly.
        unknown ??= parsed.UnmatchedTokens.FirstOrDefault();
        string path = Path(parsed.CommandResult);
        string help = $"'{path} --help' shows how it is used";
        Command command = parsed.CommandResult.Command;
        if (unknown is not null && unknown.StartsWith('-'))
            return $"'{unknown}' is not an option of '{path}'; {help}.";
        string verbs = string.Join(", ", command.Subcommands.Select(verb => verb.Name));
        if (unknown is not null && verbs.Length > 0)
            return $"'{unknown}' is not a verb; the verbs are {verbs}.";
        if (verbs.Length > 0)
            return $"'{path}' needs a verb; the verbs are {verbs}.";
        if (unknown is not null)
            return $"'{unknown}' is one word too many for '{path}'; {help}.";
        return $"{string.Join(' ', parsed.Errors[0].Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.')}; {help}.";
    }

    private static string Path(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Path(parent)} {result.Command.Name}" : "ashlar";
}
