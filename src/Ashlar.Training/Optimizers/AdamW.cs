using Ashlar.Training.Models;
using Ashlar.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Optimizers;

/// <summary>
/// AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019): one fused call for the parameters that decay and one
/// for those that don't.
/// </summary>
public sealed class AdamW : IOptimizer
{
    private readonly AdamWOptions _options;
    private readonly OptimizerState _state = new();
    private readonly Group[] _groups;
    private readonly Tensor _step;
    private readonly Tensor _divisor;

    /// <summary>An optimizer of these parameters, with zero moments.</summary>
    public AdamW(IReadOnlyList<NamedParameter> parameters, AdamWOptions? options = null)
    {
        _options = options ?? new AdamWOptions();
        NamedParameter[] decayed = [.. parameters.Where(Decays)];
        NamedParameter[] others = [.. parameters.Where(parameter => !Decays(parameter))];
        Device device = parameters.Count > 0 ? parameters[0].Value.device : CPU;
        _step = _state.Add("step", [1], device);
        _divisor = ones([], ScalarType.Float32, device).DetachFromDisposeScope();
        _groups = [new Group(decayed, _state, _options.WeightDecay), new Group(others, _state, 0)];
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> State => _state.Tensors;

    /// <inheritdoc/>
    public void Step(double learningRate, double gradientScale = 1)
    {
        using IDisposable detached = no_grad();
        using Scalar divisor = 1 / gradientScale;
        _step.add_(Scalars.One);
        _divisor.fill_(divisor);
        foreach (Group group in _groups)
            group.Step(_step, learningRate, _options, gradientScale == 1 ? null : _divisor);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _state.Dispose();
        _divisor.Dispose();
    }

    private bool Decays(NamedParameter parameter) =>
        parameter.Kind == ParameterKind.Matrix || (parameter.Kind == ParameterKind.Embedding && _options.DecayEmbeddings);

    private sealed class Group(NamedParameter[] parameters, OptimizerState state, double weightDecay)
    {
        private readonly Tensor[] _firstMoments = state.AddFor("first_moment", parameters);
        private readonly Tensor[] _secondMoments = state.AddFor("second_moment", parameters);

        public void Step(Tensor step, double learningRate, AdamWOptions options, Tensor? divisor)
        {
            // A parameter that the loss did not reach has no gradient and stays as it is.
            List<Tensor> values = [], gradients = [], first = [], second = [], steps = [];
            for (int i = 0; i < parameters.Length; i++)
            {
                if (parameters[i].Gradient is not { } gradient)
                    continue;
                values.Add(parameters[i].Value);
                gradients.Add(gradient);
                first.Add(_firstMoments[i]);
                second.Add(_secondMoments[i]);
                steps.Add(step);
            }

            if (values.Count > 0)
                FusedOperators.AdamW(values, gradients, first, second, steps, learningRate, options, weightDecay, divisor);
            gradients.ForEach(gradient => gradient.Dispose());
        }
    }
}
