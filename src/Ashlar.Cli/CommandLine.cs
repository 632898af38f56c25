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
        if (parsed.Errors.Count > 0)
        {
            foreach (string message in Sentences(parsed))
                error.WriteLine($"ashlar: {message}");
            error.WriteLine("Run 'ashlar --help' for the verbs and 'ashlar VERB --help' for the options of one.");
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
        RootCommand root = new("Ashlar: text goes in, a trained, served chat model comes out.");
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

    private static IEnumerable<string> Sentences(ParseResult parsed)
    {
        // An unknown first word gets its own sentence; the parser would also report the verb as missing.
        if (parsed.CommandResult.Command is RootCommand && parsed.UnmatchedTokens.Count > 0)
        {
            string word = parsed.UnmatchedTokens[0];
            string verbs = string.Join(", ", parsed.RootCommandResult.Command.Subcommands.Select(verb => verb.Name));
            return [word.StartsWith('-') ? $"'{word}' is not an option" : $"'{word}' is not a verb; the verbs are {verbs}"];
        }

        return parsed.Errors.Select(problem => problem.Message);
    }
}
