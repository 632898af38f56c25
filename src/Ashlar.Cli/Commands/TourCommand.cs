using System.CommandLine;
using System.Diagnostics;
using Ashlar.Inference;
using Ashlar.Inference.Chat;
using Ashlar.Inference.Decoding;
using Ashlar.Training.Loop;
using Ashlar.Training.Native;
using Ashlar.Training.Recipes;

namespace Ashlar.Cli.Commands;

/// <summary><c>ashlar tour</c>: the ladder on the shipped corpus, with gates it asserts itself and a report.</summary>
internal static class TourCommand
{
    private static readonly (string Question, string Expected)[] Questions =
    [
        ("What is a language model?", "probability"),
        ("什么是语言模型？", "概率"),
    ];

    public static Command Create()
    {
        Command command = new("tour", "The ladder on the shipped corpus, in minutes, with a report to look at.");
        Option<bool> quick = new("--quick") { Description = "The shortest form: about a minute; the model has not learned to answer yet." };
        Option<string> output = new("--output", "-o") { Description = "Folder of the tour.", DefaultValueFactory = _ => Path.Combine("runs", "tour") };
        command.Add(quick);
        command.Add(output);
        command.SetAction(parsed => Run(
            parsed.GetValue(quick),
            Path.GetFullPath(parsed.GetRequiredValue(output)),
            parsed.InvocationConfiguration.Output,
            parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(bool quick, string folder, TextWriter output, TextWriter error)
    {
        Stopwatch clock = Stopwatch.StartNew();
        string recipes = Path.Combine(AppContext.BaseDirectory, "recipes");
        string baseFolder = Path.Combine(folder, "base"), chatFolder = Path.Combine(folder, "chat");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !Directory.Exists(baseFolder))
            throw new InvalidDataException($"--output {folder}: the folder holds something else; expected an empty or new one.");
        TorchRuntime.Initialize();
        using Interruption interruption = new();
        TerminalProgress progress = new(error);

        output.WriteLine("1. A tokenizer and a small GPT learn the course and the stories in corpus/, English and Chinese.");
        TrainingResult trained = Train("tour-base.json", baseFolder, quick ? ["training.steps=20", "evaluation.every=10", "evaluation.sampleTokens=16"] : []);
        if (trained.Status == RunStatus.Interrupted)
            return ExitCode.Interrupted;
        output.WriteLine($"   validation {trained.ValidationLoss:F3} nats per token, {trained.BitsPerByte:F3} bits per byte; a uniform guess has {trained.UniformLoss:F3} nats, token frequencies {trained.UnigramLoss:F3}");
        output.WriteLine("2. It learns to answer, from the dialogues in corpus/.");
        TrainingResult tuned = Train("tour-chat.json", chatFolder, [$"model.initializeFrom={baseFolder}", .. quick ? (string[])["training.steps=20", "evaluation.sampleTokens=16"] : []]);
        if (tuned.Status == RunStatus.Interrupted)
            return ExitCode.Interrupted;
        output.WriteLine($"   validation {tuned.ValidationLoss:F3} nats per token of a reply");
        output.WriteLine("3. It answers, in managed code.");
        (string Question, string Answer)[] answers = Ask(chatFolder, quick ? 24 : 80);
        foreach ((string question, string answer) in answers)
            output.WriteLine($"   > {question}\n   {answer.ReplaceLineEndings(" ")}");

        List<TourGate> gates =
        [
            new("base validation loss below the uniform guess", trained.ValidationLoss < trained.UniformLoss, $"{trained.ValidationLoss:F3} < {trained.UniformLoss:F3}"),
            new("base validation loss below the token frequencies", trained.ValidationLoss < trained.UnigramLoss, $"{trained.ValidationLoss:F3} < {trained.UnigramLoss:F3}"),
            new("reply validation loss below the token frequencies", tuned.ValidationLoss < tuned.UnigramLoss, $"{tuned.ValidationLoss:F3} < {tuned.UnigramLoss:F3}"),
        ];
        if (!quick)
        {
            foreach (((string question, string answer), (_, string expected)) in answers.Zip(Questions))
                gates.Add(new TourGate($"the answer to \"{question}\" speaks of {expected}", answer.Contains(expected, StringComparison.OrdinalIgnoreCase), answer));
        }

        string report = TourReport.Write(folder, trained, tuned, answers, gates, clock.Elapsed);
        foreach (TourGate gate in gates.Where(gate => !gate.Passed))
            error.WriteLine($"ashlar: gate failed: {gate.Name} ({gate.Evidence})");
        output.WriteLine($"Done in {clock.Elapsed:m\\:ss}. Report: {report}");
        output.WriteLine($"To talk to it: ./ashlar chat {Path.GetRelativePath(Environment.CurrentDirectory, chatFolder)}");
        return gates.All(gate => gate.Passed) ? ExitCode.Done : ExitCode.Failed;

        TrainingResult Train(string recipe, string run, IReadOnlyList<string> overrides)
        {
            TrainingResult result = Trainer.Run(RecipeFile.Load(Path.Combine(recipes, recipe), overrides), new TrainerOptions
            {
                RecipeFolder = recipes,
                OutputDirectory = run,
                Progress = progress,
                Cancellation = interruption.Token,
            });
            if (result.Status == RunStatus.Interrupted)
                output.WriteLine("Interrupted; run the tour again to begin anew.");
            return result;
        }
    }

    private static (string Question, string Answer)[] Ask(string folder, int tokens)
    {
        using LoadedModel loaded = LoadedModel.Load(folder);
        return [.. Questions.Select(item =>
        {
            using ChatSession session = new(loaded.Model, loaded.Tokenizer, loaded.Chat!);
            ChatReply reply = session.Send(item.Question, new GenerationOptions { Sampling = SamplingOptions.Greedy, MaxTokens = tokens });
            return (item.Question, string.Concat(reply.Pieces.Select(piece => piece.Text)));
        })];
    }
}

/// <summary>Something the tour promises.</summary>
/// <param name="Name">What.</param>
/// <param name="Passed">Whether it held.</param>
/// <param name="Evidence">The numbers or the text.</param>
internal sealed record TourGate(string Name, bool Passed, string Evidence);
