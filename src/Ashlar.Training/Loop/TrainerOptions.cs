namespace Ashlar.Training.Loop;

/// <summary>What a run needs besides its recipe.</summary>
public sealed record TrainerOptions
{
    /// <summary>Folder that the recipe's paths are relative to.</summary>
    public required string RecipeFolder { get; init; }

    /// <summary>The run directory; made if it is not there.</summary>
    public required string OutputDirectory { get; init; }

    /// <summary>Continue from the last checkpoint of the run directory.</summary>
    public bool Resume { get; init; }

    /// <summary><c>cpu</c>, <c>cuda</c> or <c>mps</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Told what happens; null for silence.</summary>
    public ITrainingProgress? Progress { get; init; }

    /// <summary>Stops after the current step, saving first.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>Is told how a run goes.</summary>
public interface ITrainingProgress
{
    /// <summary>Something worth a line happened.</summary>
    void Note(string text);

    /// <summary>A step is done.</summary>
    void Step(TrainingStep step);

    /// <summary>A validation is done.</summary>
    void Validation(ValidationResult result);

    /// <summary>A prompt was continued.</summary>
    void Sample(TrainingSample sample);
}

/// <summary>One optimizer step.</summary>
/// <param name="Number">Steps done, from 1.</param>
/// <param name="Of">Steps in all.</param>
/// <param name="Loss">Mean nats per supervised token of the step.</param>
/// <param name="LearningRate">Learning rate used.</param>
/// <param name="GradientNorm">Global norm before clipping.</param>
/// <param name="TokensPerSecond">Rate over the last steps, validation excluded.</param>
/// <param name="Remaining">Estimate of the time left.</param>
public sealed record TrainingStep(int Number, int Of, double Loss, double LearningRate, double GradientNorm, double TokensPerSecond, TimeSpan Remaining);

/// <summary>One validation.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Loss">Nats per supervised token.</param>
/// <param name="Tokens">Supervised tokens it is the mean over.</param>
public sealed record ValidationResult(int Step, double Loss, long Tokens)
{
    /// <summary>Bits per byte of text, special tokens left out; null where it is not measured.</summary>
    public double? BitsPerByte { get; init; }

    /// <summary>Other scores by name, such as <c>bleu</c>, or <c>tokenisedBleu</c> where the text is tokenised already.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();

    /// <summary>Everything that decides a BLEU among the scores, in sacreBLEU's form; null where there is none.</summary>
    public string? BleuSignature { get; init; }

    /// <summary>What early stopping and the choice of the best model look at; lower is better. The loss unless a task says otherwise.</summary>
    public double Criterion { get; init; } = Loss;
}

/// <summary>A continued prompt.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Prompt">What was given.</param>
/// <param name="Text">What the model wrote.</param>
public sealed record TrainingSample(int Step, string Prompt, string Text);

/// <summary>How a run ended.</summary>
public enum RunStatus
{
    /// <summary>All steps are done.</summary>
    Completed,

    /// <summary>Validation stopped getting better.</summary>
    StoppedEarly,

    /// <summary>Stopped on request; the checkpoint is saved.</summary>
    Interrupted,
}

/// <summary>What a run reached.</summary>
/// <param name="OutputDirectory">The run directory.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Steps">Optimizer steps done, earlier sessions included.</param>
/// <param name="ValidationLoss">Nats per supervised token over the whole validation set; NaN after an interruption.</param>
/// <param name="BitsPerByte">The same per byte of text, special tokens left out; null where it is not measured.</param>
/// <param name="BestLoss">The lowest validation criterion on the way: the loss unless the task says otherwise.</param>
/// <param name="UniformLoss">Nats per token of the uniform distribution; NaN where there is none.</param>
/// <param name="UnigramLoss">Nats per token of the training set's token frequencies; NaN where there is none.</param>
/// <param name="Parameters">Trained parameters.</param>
/// <param name="Elapsed">Time spent, earlier sessions included.</param>
public sealed record TrainingResult(
    string OutputDirectory,
    RunStatus Status,
    int Steps,
    double ValidationLoss,
    double? BitsPerByte,
    double BestLoss,
    double UniformLoss,
    double UnigramLoss,
    long Parameters,
    TimeSpan Elapsed)
{
    /// <summary>Other scores of the final validation by name.</summary>
    public IReadOnlyDictionary<string, double> Scores { get; init; } = new Dictionary<string, double>();
}
