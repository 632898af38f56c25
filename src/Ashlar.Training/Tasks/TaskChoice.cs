using Ashlar.Tokenizers;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;
using static TorchSharp.torch;

namespace Ashlar.Training.Tasks;

/// <summary>Makes the task that a recipe names.</summary>
internal static class TaskChoice
{
    /// <param name="recipe">The recipe.</param>
    /// <param name="options">Where its paths start and where the run folder is.</param>
    /// <param name="device">Where the model goes.</param>
    public static ITask Create(Recipe recipe, TrainerOptions options, Device device) => recipe.Task switch
    {
        TrainingTask.CausalLm when RecurrentShape.Describes(recipe.Model) => new RecurrentTask(recipe, options, device),
        TrainingTask.CausalLm or TrainingTask.Sft => new DecoderTask(recipe, options, device),
        TrainingTask.Translation => new TranslationTask(recipe, options, device),
        _ => throw new InvalidDataException($"{recipe.Name}: task {recipe.Task} is not trained by gradient steps."),
    };

    /// <summary>The tokenizer of a run that continues; null for a new one.</summary>
    internal static Tokenizer? Continued(TrainerOptions options) => options.Resume ? Tokenizer.Load(options.OutputDirectory) : null;
}
