using Ashlar.Checkpoints;
using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>A model with parameters and gradients: what the optimizer, the average and the checkpoint need to know of it.</summary>
public abstract class TrainableModel : IDisposable
{
    /// <summary>The target that is not supervised.</summary>
    public const long IgnoredTarget = -100;

    /// <summary>Trainable tensors under their checkpoint names; tied weights appear once.</summary>
    public abstract IReadOnlyList<NamedParameter> Parameters { get; }

    /// <summary>Where the parameters are.</summary>
    public abstract Device Device { get; }

    /// <summary>Whether dropout is on.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>Number of trained values, tied ones counted once.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Value.numel());

    /// <summary>Sets all gradients to zero, before the first batch of a step.</summary>
    public abstract void ZeroGradients();

    /// <summary>Turns dropout on or off.</summary>
    public virtual void SetTraining(bool training) => Training = training;

    /// <summary>Writes <c>config.json</c> and <c>model.safetensors</c> (fp32) into a folder, each whole or not at all.</summary>
    public abstract void Save(string directory);

    /// <summary>Reads every parameter from a checkpoint.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing, extra or of another shape; the message names it.</exception>
    public abstract void Load(ITensorSource source);

    /// <summary>The parameters' values as they are now, copied, for a runtime graph to read.</summary>
    public MemoryTensorSource CopyWeights()
    {
        MemoryTensorSource weights = new("the model in training");
        using IDisposable detached = no_grad();
        foreach (NamedParameter parameter in Parameters)
        {
            using var scope = NewDisposeScope();
            weights.Add(parameter.Name, parameter.Value.shape, parameter.Value.detach().cpu().data<float>().ToArray());
        }

        return weights;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the parameters.</summary>
    protected abstract void Dispose(bool disposing);
}
