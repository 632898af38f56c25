using System.Diagnostics;
using Ashlar.Training.Loop;

namespace Ashlar.Cli.Commands;

/// <summary>Shows a run on the error stream: one line that renews itself on a terminal, a line now and then elsewhere.</summary>
internal sealed class TerminalProgress(TextWriter error, bool samples = true) : ITrainingProgress
{
    private readonly bool _renew = !Console.IsErrorRedirected;
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private TimeSpan _shown = TimeSpan.MinValue;
    private bool _open;

    public void Note(string text) => Line(text);

    public void Step(TrainingStep step)
    {
        TimeSpan interval = _renew ? TimeSpan.FromSeconds(0.2) : TimeSpan.FromSeconds(10);
        if (_shown != TimeSpan.MinValue && _since.Elapsed - _shown < interval && step.Number != step.Of)
            return;
        _shown = _since.Elapsed;
        string text = $"step {step.Number:N0}/{step.Of:N0}  loss {step.Loss:F4}  lr {step.LearningRate:0.00e+0}  {step.TokensPerSecond:N0} tokens/s  {Left(step.Remaining)} left";
        if (!_renew)
        {
            error.WriteLine(text);
            return;
        }

        error.Write($"\r{text}\u001b[K");
        _open = true;
    }

    public void Validation(ValidationResult result) => Line(
        $"step {result.Step:N0}  validation {result.Loss:F4} nats per token{string.Concat(result.Scores.Select(score => $"  {score.Key} {score.Value:F2}"))}");

    public void Sample(TrainingSample sample)
    {
        if (samples)
            Line($"  {sample.Prompt.ReplaceLineEndings(" ")} | {Short(sample.Text)}");
    }

    private static string Short(string text)
    {
        string line = text.ReplaceLineEndings(" / ");
        return line.Length <= 160 ? line : line[..160] + "...";
    }

    private static string Left(TimeSpan time) => time.TotalHours >= 1 ? $"{time:h\\:mm\\:ss}" : $"{time:m\\:ss}";

    private void Line(string text)
    {
        if (_open)
            error.WriteLine();
        _open = false;
        error.WriteLine(text);
    }
}
