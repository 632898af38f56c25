using Ashlar.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Optimizers;

/// <summary>
/// The exponential moving average of a model's weights (Polyak and Juditsky 1992), which often evaluates better than the weights
/// themselves. It begins at the weights it is made with.
/// </summary>
public sealed class ExponentialMovingAverage : IDisposable
{
    private readonly IReadOnlyList<NamedParameter> _parameters;
    private readonly OptimizerState _state = new();
    private readonly Tensor[] _averages;

    /// <summary>An average of these parameters.</summary>
    public ExponentialMovingAverage(IReadOnlyList<NamedParameter> parameters, double decay)
    {
        if (decay is <= 0 or >= 1)
            throw new ArgumentOutOfRangeException(nameof(decay), decay, "The decay must be between 0 and 1.");
        _parameters = parameters;
        Decay = decay;
        _averages = _state.AddFor("average", parameters);
        using IDisposable detached = no_grad();
        for (int i = 0; i < _averages.Length; i++)
            _averages[i].copy_(parameters[i].Value);
    }

    /// <summary>Weight of the past.</summary>
    public double Decay { get; }

    /// <summary>The averages by name; copy into them to restore.</summary>
    public IReadOnlyDictionary<string, Tensor> State => _state.Tensors;

    /// <summary>average = decay · average + (1 - decay) · weights; after each optimizer step.</summary>
    public void Update()
    {
        using IDisposable detached = no_grad();
        using Scalar kept = Decay, share = 1 - Decay;
        for (int i = 0; i < _averages.Length; i++)
            _averages[i].mul_(kept).add_(_parameters[i].Value, share);
    }

    /// <summary>Exchanges weights and averages: once to evaluate or save the averages, and once more to train on.</summary>
    public void Exchange()
    {
        using IDisposable detached = no_grad();
        for (int i = 0; i < _averages.Length; i++)
        {
            using Tensor weights = _parameters[i].Value.clone();
            _parameters[i].Value.copy_(_averages[i]);
            _averages[i].copy_(weights);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _state.Dispose();
}
