using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Training.Loop;
using Ashlar.Training.Models;
using static TorchSharp.torch;

namespace Ashlar.Training.Tasks;

/// <summary>
/// What a run learns: how the next batch becomes a loss, how held-out data becomes a score, and what a sample looks like. The
/// <see cref="Trainer"/> does the rest (accumulation, clipping, optimizer, schedule, average, checkpoints) and knows no architecture.
/// </summary>
public interface ITask : IDisposable
{
    /// <summary>The model that is trained.</summary>
    TrainableModel Model { get; }

    /// <summary>The first line of <c>metrics.jsonl</c>: parameters, and baselines where there are any (<c>uniformLoss</c>, <c>unigramLoss</c>).</summary>
    JsonObject Header { get; }

    /// <summary>The sentence that is shown at the start.</summary>
    string Summary { get; }

    /// <summary>
    /// Tensors that outlive a step and belong to an exact resume, such as a carried hidden state; fp32, of a fixed shape, the task's
    /// own: they are copied into when a run resumes.
    /// </summary>
    IReadOnlyDictionary<string, Tensor> StateTensors { get; }

    /// <summary>Draws the next batch and adds the gradients of the sum of its losses to the parameters' gradients.</summary>
    BatchLoss Accumulate();

    /// <summary>Where the data stands: cursor, random numbers, whatever is buffered.</summary>
    JsonObject SaveState();

    /// <summary>Continues exactly where <see cref="SaveState"/> was taken.</summary>
    void RestoreState(JsonObject state);

    /// <summary>Loss and scores over held-out data, dropout off.</summary>
    /// <param name="step">Steps done.</param>
    /// <param name="maximumBatches">Most batches, evenly spread; 0 for all of them, as at the end of a run.</param>
    ValidationResult Validate(int step, int maximumBatches);

    /// <summary>What the model writes now, by the inference path itself.</summary>
    IEnumerable<TrainingSample> Samples(int step);

    /// <summary>Writes everything that inference needs into an existing folder: configuration, weights, tokenizer files.</summary>
    void SaveModel(string folder);
}

/// <summary>The loss of one batch.</summary>
/// <param name="Nats">Sum over the supervised targets.</param>
/// <param name="Targets">How many they are.</param>
public readonly record struct BatchLoss(double Nats, int Targets);
