using System.Globalization;
using Ashlar.Inference;

namespace Ashlar.Cli.Tests.Process;

/// <summary>Runs that are cut off, by Ctrl-C or without warning, and go on as if they had not been.</summary>
public sealed class InterruptedTrainingTests : IDisposable
{
    private readonly SmallRun _run = new(checkpointEvery: 1); // nearly all of a step is saving

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Killed_at_any_moment_the_last_checkpoint_loads_and_the_run_goes_on_exactly()
    {
        Random random = new(); // another moment every time
        for (int kill = 0; kill < 5; kill++)
        {
            int before = _run.Saved("run");
            using (CliProcess process = CliProcess.Start(["train", _run.Recipe, "--output", _run.PathOf("run"), .. kill > 0 ? ["--resume"] : (string[])[]]))
            {
                process.Until(() => _run.Saved("run") > before + 1, "a save");
                Thread.Sleep(random.Next(60));
                process.Kill();
            }

            // Both the state, which the next session reads, and what inference reads.
            Assert.True(_run.Saved("run") > before + 1);
            using LoadedModel model = LoadedModel.Load(_run.PathOf("run"), threadCount: 1);
        }

        int steps = _run.Saved("run") + 3;
        Finish("run", steps, "--resume");
        Finish("whole", steps);
        Assert.Equal(steps, _run.Losses("whole").Count);
        Assert.Equal(_run.Losses("whole"), _run.Losses("run"));
        Assert.Equal(File.ReadAllBytes(Path.Combine(_run.PathOf("whole"), "model.safetensors")), File.ReadAllBytes(Path.Combine(_run.PathOf("run"), "model.safetensors")));
        Assert.Empty(Directory.GetFiles(_run.PathOf("run"), "*.tmp"));
        Assert.Single(Directory.GetDirectories(Path.Combine(_run.PathOf("run"), "state")));
    }

    [Theory]
    [InlineData("INT")] // Ctrl-C
    [InlineData("TERM")] // a batch system or a container that ends
    public void A_signal_saves_and_prints_the_command_that_goes_on_exactly(string signal)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Signals cannot be sent to another process here.");
        if (signal == "INT" && IgnoresInterrupts())
            Assert.Skip("This process ignores SIGINT, and so would its children.");
        string[] set = ["--set", "optimizer.learningRate=0.002", "--set", "description=it's a run", "--set", "training.checkpointEvery=1000000"];
        string line;
        using (CliProcess process = CliProcess.Start(["train", _run.Recipe, .. set, "--output", _run.PathOf("run"), "--threads", "1"]))
        {
            process.Until(() => _run.StepsLogged("run") >= 5, "five steps");
            process.Send(signal);
            (int exitCode, string output, string error) = process.Finish();
            Assert.True(exitCode == 130, error);
            line = output.Trim();
        }

        int saved = _run.Saved("run");
        string words = string.Create(CultureInfo.InvariantCulture, $"Saved after step {saved}. To go on: ");
        Assert.StartsWith(words, line);
        Assert.Equal(saved, _run.StepsLogged("run"));

        // The line as a shell reads it; made to end soon.
        string end = $"training.steps={saved + 4}";
        (int resumed, string said, string failure) = CliProcess.Shell($"{line[words.Length..]} --set {end}");
        Assert.True(resumed == 0, failure);
        Assert.Contains($"resuming after step {saved}", failure);
        Assert.Contains("validation", said);
        Finish("whole", saved + 4, set);
        Assert.Equal(_run.Losses("whole"), _run.Losses("run"));
        Assert.Equal(File.ReadAllBytes(Path.Combine(_run.PathOf("whole"), "model.safetensors")), File.ReadAllBytes(Path.Combine(_run.PathOf("run"), "model.safetensors")));
    }

    private void Finish(string run, int steps, params string[] options)
    {
        (int exitCode, _, string error) = CliProcess.Run(["train", _run.Recipe, .. options, "--set", $"training.steps={steps}", "--output", _run.PathOf(run), "--threads", "1"]);
        Assert.True(exitCode == 0, error);
    }

    // A shell starts its background processes so, and .NET leaves ignored signals ignored.
    private static bool IgnoresInterrupts()
    {
        const string Status = "/proc/self/status";
        if (!File.Exists(Status))
            return false;
        string mask = File.ReadLines(Status).First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:".Length..].Trim();
        return (ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 2) != 0;
    }
}
