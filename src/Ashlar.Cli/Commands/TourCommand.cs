using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ashlar.Cli.Tour;
using Ashlar.Training.Native;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar tour</c>: the ladder on the shipped corpus, with gates it asserts itself and a report.</summary>
internal static class TourCommand
{
    private const string Marker = "tour.txt";

    private static readonly TourRung[] Ladder = [NGramRungs.Characters, RecurrentRung.Lstm, TranslationRung.Attention, TranslationRung.Transformer, DecoderRungs.Base, DecoderRungs.Chat];

    public static Command Create()
    {
        Command command = new("tour", "The ladder on the shipped corpus, in minutes, with a report to look at.");
        Option<bool> quick = new("--quick") { Description = "The shortest form: about half a minute; the models have not learned much yet." };
        Option<string> output = new("--output", "-o") { Description = "Folder of the tour.", DefaultValueFactory = _ => Path.Combine("runs", "tour") };
        command.Add(quick);
        Option<bool> json = JsonOutput.Option();
        command.Add(output);
        command.Add(json);
        command.SetAction(parsed => Run(
            parsed.GetValue(quick),
            parsed.GetValue(json),
            Path.GetFullPath(parsed.GetRequiredValue(output)),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(bool quick, bool json, string folder, TextWriter result, TextWriter error)
    {
        TextWriter output = json ? error : result; // the story is no part of the object
        Stopwatch clock = Stopwatch.StartNew();
        string marker = Path.Combine(folder, Marker);
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !File.Exists(marker))
            throw new InvalidDataException($"--output {folder}: the folder holds something else; expected an empty or new one.");
        Directory.CreateDirectory(folder);
        File.WriteAllText(marker, "The folder of a tour: ashlar tour writes it anew.\n");
        TorchRuntime.Initialize();
        using Interruption interruption = new();
        TourContext context = new(folder, quick, output, new TerminalProgress(error), interruption.Token);
        List<RungResult> rungs = [];
        try
        {
            for (int i = 0; i < Ladder.Length; i++)
            {
                output.WriteLine($"{i + 1}. {Ladder[i].Name}.");
                RungResult rung = Ladder[i].Climb(context);
                rungs.Add(rung);
                string bits = rung.BitsPerByte is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value:F3} bits per byte; ") : "";
                output.WriteLine($"   {bits}{rung.Score}");
                foreach ((string prompt, string text) in rung.Samples)
                    output.WriteLine($"   > {prompt.ReplaceLineEndings(" ")}\n   {text.ReplaceLineEndings(" ")}");
            }
        }
        catch (OperationCanceledException)
        {
            output.WriteLine("Interrupted; run the tour again to begin anew.");
            return ExitCode.Interrupted;
        }

        string report = TourReport.Write(folder, rungs, clock.Elapsed);
        TourGate[] failed = [.. rungs.SelectMany(rung => rung.Gates).Where(gate => !gate.Passed)];
        foreach (TourGate gate in failed)
            error.WriteLine($"ashlar: gate failed: {gate.Name} ({gate.Evidence})");
        if (json)
        {
            result.Print(ToJson(rungs, clock.Elapsed, report));
            return failed.Length == 0 ? ExitCode.Done : ExitCode.Failed;
        }

        output.WriteLine($"Done in {clock.Elapsed:m\\:ss}. Report: {report}");
        output.WriteLine($"To talk to it: {ShellCommand.Ashlar(["chat", Path.GetRelativePath(Environment.CurrentDirectory, context.Run("chat"))])}");
        return failed.Length == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static JsonObject ToJson(IReadOnlyList<RungResult> rungs, TimeSpan elapsed, string report) => new()
    {
        ["rungs"] = new JsonArray(
        [
            .. rungs.Select(rung => new JsonObject
            {
                ["name"] = rung.Name,
                ["run"] = rung.Run,
                ["bitsPerByte"] = JsonOutput.Number(rung.BitsPerByte),
                ["score"] = rung.Score,
                ["parameters"] = rung.Parameters,
                ["seconds"] = Math.Round(rung.Elapsed.TotalSeconds, 3),
                ["gates"] = new JsonArray([.. rung.Gates.Select(gate => new JsonObject { ["name"] = gate.Name, ["passed"] = gate.Passed, ["evidence"] = gate.Evidence })]),
            }),
        ]),
        ["seconds"] = Math.Round(elapsed.TotalSeconds, 3),
        ["report"] = report,
    };
}
