namespace Ashlar.Training.Recipes;

/// <summary>Validation, samples and early stopping.</summary>
public sealed record EvaluationRecipe
{
    /// <summary>Steps between validations.</summary>
    public int Every { get; init; } = 250;

    /// <summary>Most validation batches on the way; the final validation always reads everything. 0 means all.</summary>
    public int MaximumBatches { get; init; } = 40;

    /// <summary>Stop after this many validations without a better loss; 0 turns it off.</summary>
    public int EarlyStoppingPatience { get; init; }

    /// <summary>Texts that are continued at every validation, to watch the model learn.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>Sentences over which the run's report shows what the model does, step by step, where its kind has such a picture.</summary>
    public IReadOnlyList<string> LookInside { get; init; } = [];

    /// <summary>Tokens in a sample.</summary>
    public int SampleTokens { get; init; } = 100;

    /// <summary>Temperature of the samples; 0 is greedy.</summary>
    public double Temperature { get; init; } = 0.8;

    /// <summary>Samples draw from this many likeliest tokens; 0 means all.</summary>
    public int TopK { get; init; }
}
