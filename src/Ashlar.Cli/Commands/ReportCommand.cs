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
        command.Add(run);
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.WriteLine(RunReport.Write(parsed.GetRequiredValue(run)));
            return ExitCode.Done;
        });
        return command;
    }
}
