using Ashlar.Training.Loop;

namespace Ashlar.Cli.Commands;

/// <summary>Shows a run on the error stream, by its <see cref="StatusLine"/>.</summary>
internal sealed class TerminalProgress(TextWriter error, bool samples = true) : ITrainingProgress
{
    private readonly StatusLine _status = new(error, renew: !Console.IsErrorRedirected);
    private bool _begun;

    public void Note(string text) => Line(text);

    public void Step(TrainingStep step)
    {
        _status.Show(
            () => $"step {step.Number:N0}/{step.Of:N0}  loss {step.Loss:F4}  lr {step.LearningRate:0.00e+0}  {step.TokensPerSecond:N0} tokens/s  {Left(step.Remaining)} left",
            now: !_begun || step.Number == step.Of);
        _begun = true;
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

    private void Line(string text) => _status.Line(text);
}
