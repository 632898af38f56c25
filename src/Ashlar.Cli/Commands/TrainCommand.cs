using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ashlar.Training.Loop;
using Ashlar.Training.Native;
using Ashlar.Training.Recipes;
using Ashlar.Training.Reporting;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar train RECIPE</c>.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        Command command = new("train", "Run a recipe: data, model, optimizer, evaluation, all in one JSON file.");
        Argument<string> recipe = new("RECIPE") { Description = "A JSON file such as those in recipes/, or the name of one of these." };
        Option<string[]> set = new("--set") { Description = "Override a key: training.steps=100. May be given several times." };
        Option<string?> output = new("--output", "-o") { Description = "Run folder; runs/NAME by default." };
        Option<bool> resume = new("--resume") { Description = "Continue the run folder's last checkpoint." };
        Option<string> device = new("--device") { Description = "cpu, cuda or mps.", DefaultValueFactory = _ => "cpu" };
        Option<int> threads = new("--threads") { Description = "Threads; 0 for one a processor." };
        Option<bool> json = JsonOutput.Option();
        command.Add(recipe);
        foreach (Option option in (Option[])[set, output, resume, device, threads, json])
            command.Add(option);
        command.SetAction(parsed =>
        {
            string path = ShippedRecipes.Find(parsed.GetRequiredValue(recipe));
            Recipe loaded = RecipeFile.Load(path, parsed.GetValue(set));
            string folder = parsed.GetValue(output) ?? Path.Combine("runs", loaded.Name);
            int count = parsed.GetValue(threads);
            if (count < 0)
                throw new InvalidDataException($"--threads is {count}; expected 1 or more, or 0 for one a processor.");
            if (loaded.Task != TrainingTask.NGram)
                TorchRuntime.Initialize(count > 0 ? new TorchRuntimeOptions { Threads = count } : null);
            using Interruption interruption = new();
            TrainingResult result = Trainer.Run(loaded, new TrainerOptions
            {
                RecipeFolder = Path.GetDirectoryName(Path.GetFullPath(path))!,
                OutputDirectory = folder,
                Resume = parsed.GetValue(resume),
                Device = parsed.GetValue(device)!,
                Progress = new TerminalProgress(parsed.InvocationConfiguration.Error),
                Cancellation = interruption.Token,
            });
            TextWriter text = parsed.InvocationConfiguration.Output;
            string? again = null;
            if (result.Status == RunStatus.Interrupted)
            {
                // All that made this run what it is, so that the line can be copied as it stands.
                again = ShellCommand.Ashlar(
                [
                    "train", parsed.GetRequiredValue(recipe), .. (parsed.GetValue(set) ?? []).SelectMany(pair => (string[])["--set", pair]), "--output", folder,
                    .. parsed.GetValue(device) is { } on and not "cpu" ? ["--device", on] : (string[])[],
                    .. count > 0 ? ["--threads", count.ToString(CultureInfo.InvariantCulture)] : (string[])[], "--resume",
                ]);
            }

            if (parsed.GetValue(json))
            {
                text.Print(ToJson(result, again));
                return again is null ? ExitCode.Done : ExitCode.Interrupted;
            }

            if (again is not null)
            {
                text.WriteLine($"Saved after step {result.Steps}. To go on: {again}");
                return ExitCode.Interrupted;
            }

            text.WriteLine($"validation {result.ValidationLoss:F4} nats per token{(result.BitsPerByte is { } bits ? $", {bits:F4} bits per byte" : "")} (unigram {result.UnigramLoss:F4}, uniform {result.UniformLoss:F4})");
            text.WriteLine($"model {folder}, report {Path.Combine(folder, RunReport.FileName)}");
            return ExitCode.Done;
        });
        return command;
    }

    private static JsonObject ToJson(TrainingResult result, string? again)
    {
        JsonObject scores = [];
        foreach ((string name, double score) in result.Scores)
            scores[name] = JsonOutput.Number(score);
        return new JsonObject
        {
            ["folder"] = result.OutputDirectory,
            ["status"] = result.Status switch { RunStatus.Completed => "completed", RunStatus.StoppedEarly => "stopped-early", _ => "interrupted" },
            ["steps"] = result.Steps,
            ["parameters"] = result.Parameters,
            ["validationLoss"] = JsonOutput.Number(result.ValidationLoss),
            ["bitsPerByte"] = JsonOutput.Number(result.BitsPerByte),
            ["bestLoss"] = JsonOutput.Number(result.BestLoss),
            ["uniformLoss"] = JsonOutput.Number(result.UniformLoss),
            ["unigramLoss"] = JsonOutput.Number(result.UnigramLoss),
            ["scores"] = scores,
            ["seconds"] = Math.Round(result.Elapsed.TotalSeconds, 3),
            ["report"] = Path.Combine(result.OutputDirectory, RunReport.FileName),
            ["resume"] = again,
        };
    }
}
