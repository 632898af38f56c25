using System.Text.Json.Serialization;

namespace Ashlar.Training.Recipes;

/// <summary>
/// A recipe is a run: what to train, on what, how, and how to judge it. Read from one JSON file by <see cref="RecipeFile"/>;
/// an unknown key, a missing file or an impossible value stops the run before it starts.
/// </summary>
public sealed record Recipe
{
    /// <summary>Name of the run; the default output folder is <c>runs/NAME</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence on what this recipe is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>What a batch is turned into: next-token prediction or supervised fine-tuning on chats.</summary>
    public TrainingTask Task { get; init; } = TrainingTask.CausalLm;

    /// <summary>Seed of every random number generator of the run.</summary>
    public int Seed { get; init; } = 1337;

    /// <summary>How text becomes token ids.</summary>
    public TokenizerRecipe Tokenizer { get; init; } = new();

    /// <summary>Training and validation text.</summary>
    public required DataRecipe Data { get; init; }

    /// <summary>Order and smoothing of an n-gram model; looked at only with task <c>ngram</c>, which looks at nothing of a network.</summary>
    public NGramRecipe Ngram { get; init; } = new();

    /// <summary>Shape of the network.</summary>
    public ModelRecipe Model { get; init; } = new();

    /// <summary>The optimizer and its constants.</summary>
    public OptimizerRecipe Optimizer { get; init; } = new();

    /// <summary>Learning rate over the steps.</summary>
    public ScheduleRecipe Schedule { get; init; } = new();

    /// <summary>Length and arithmetic of the run.</summary>
    public TrainingRecipe Training { get; init; } = new();

    /// <summary>Validation, samples and early stopping.</summary>
    public EvaluationRecipe Evaluation { get; init; } = new();

    /// <summary>With task <c>translation</c>: pairs, vocabularies, objective and decoding.</summary>
    public TranslationRecipe Translation { get; init; } = new();
}

/// <summary>How a batch becomes a loss.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainingTask>))]
public enum TrainingTask
{
    /// <summary>Predict each next token.</summary>
    [JsonStringEnumMemberName("causal-lm")] CausalLm,

    /// <summary>Supervised fine-tuning: predict the assistant's replies and their end tokens, nothing else.</summary>
    [JsonStringEnumMemberName("sft")] Sft,

    /// <summary>Count n-grams and smooth the counts; no network and no steps.</summary>
    [JsonStringEnumMemberName("ngram")] NGram,

    /// <summary>Predict each next token of a target from its source and what stands before it.</summary>
    [JsonStringEnumMemberName("translation")] Translation,
}
