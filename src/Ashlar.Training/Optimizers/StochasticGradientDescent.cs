using Ashlar.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Optimizers;

/// <summary>
/// Stochastic gradient descent with momentum (Sutskever et al., "On the importance of initialization and momentum", 2013):
/// v = momentum · v + g, then w = w - rate · v.
/// </summary>
public sealed class StochasticGradientDescent : IOptimizer
{
    private readonly IReadOnlyList<NamedParameter> _parameters;
    private readonly double _momentum;
    private readonly OptimizerState _state = new();
    private readonly Tensor[] _velocities;

    /// <summary>An optimizer of these parameters; without momentum it keeps no state.</summary>
    public StochasticGradientDescent(IReadOnlyList<NamedParameter> parameters, double momentum = 0.9)
    {
        _parameters = parameters;
        _momentum = momentum;
        _velocities = momentum == 0 ? [] : _state.AddFor("velocity", parameters);
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> State => _state.Tensors;

    /// <inheritdoc/>
    public void Step(double learningRate, double gradientScale = 1)
    {
        using IDisposable detached = no_grad();
        using Scalar momentum = _momentum, rate = -learningRate, scale = gradientScale, plain = -learningRate * gradientScale;
        for (int i = 0; i < _parameters.Count; i++)
        {
            using Tensor? gradient = _parameters[i].Gradient;
            if (gradient is null)
                continue;
            if (_momentum == 0)
            {
                _parameters[i].Value.add_(gradient, plain);
                continue;
            }

            _velocities[i].mul_(momentum).add_(gradient, scale);
            _parameters[i].Value.add_(_velocities[i], rate);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _state.Dispose();
}
