using static TorchSharp.torch;

namespace Ashlar.Training.Optimizers;

/// <summary>Changes parameters by their gradients.</summary>
public interface IOptimizer : IDisposable
{
    /// <summary>
    /// Everything that must be saved for an exact resume, by name. The tensors are the optimizer's own: copy into them to restore.
    /// </summary>
    IReadOnlyDictionary<string, Tensor> State { get; }

    /// <summary>One step.</summary>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="gradientScale">
    /// What every gradient is multiplied by first: 1 / tokens for a sum of losses, times the clipping factor. The gradients'
    /// values afterwards are undefined.
    /// </param>
    void Step(double learningRate, double gradientScale = 1);
}
