using System.CommandLine;
using Ashlar.Training.Reporting;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar report RUN</c>.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Command command = new("report", "Write a run's curves and samples as one HTML file.");
        Argument<string> run = new("RUN") { Description = "A run folder." };
        Option<string[]> text = new("--text") { Description = "A sentence to look inside the model with; may be given several times." };
        command.Add(run);
        command.Add(text);
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.WriteLine(RunReport.Write(parsed.GetRequiredValue(run), parsed.GetValue(text)));
            return ExitCode.Done;
        });
        return command;
    }
}
