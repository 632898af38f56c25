using Ashlar.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Optimizers;

/// <summary>The constants of Muon, and of the AdamW that serves what is not a hidden matrix.</summary>
public sealed record MuonOptions
{
    /// <summary>Decay of the gradient's average.</summary>
    public double Momentum { get; init; } = 0.95;

    /// <summary>The matrices' learning rate over the one given to each step, which is AdamW's.</summary>
    public double LearningRateRatio { get; init; } = 20;

    /// <summary>Decoupled weight decay of the matrices, at their own learning rate.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Newton-Schulz iterations.</summary>
    public int Iterations { get; init; } = 5;

    /// <summary>For embeddings, biases and gains.</summary>
    public AdamWOptions AdamW { get; init; } = new();
}

/// <summary>
/// Muon (Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024): each hidden matrix moves by its Nesterov
/// momentum with all singular values brought near 1. Everything else is left to AdamW.
/// </summary>
public sealed class Muon : IOptimizer
{
    private readonly MuonOptions _options;
    private readonly NamedParameter[] _matrices;
    private readonly OptimizerState _state = new();
    private readonly Tensor[] _momenta;
    private readonly AdamW _others;

    /// <summary>An optimizer of these parameters, with zero momentum.</summary>
    public Muon(IReadOnlyList<NamedParameter> parameters, MuonOptions? options = null)
    {
        _options = options ?? new MuonOptions();
        _matrices = [.. parameters.Where(parameter => parameter.Kind == ParameterKind.Matrix)];
        _momenta = _state.AddFor("momentum", _matrices);
        _others = new AdamW([.. parameters.Where(parameter => parameter.Kind != ParameterKind.Matrix)], _options.AdamW);
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> State =>
        _state.Tensors.Concat(_others.State).ToDictionary(pair => pair.Key, pair => pair.Value);

    /// <inheritdoc/>
    public void Step(double learningRate, double gradientScale = 1)
    {
        _others.Step(learningRate, gradientScale);
        using IDisposable detached = no_grad();
        double rate = learningRate * _options.LearningRateRatio;
        using Scalar gradientFactor = gradientScale, newShare = 1 - _options.Momentum, momentum = _options.Momentum, kept = 1 - (rate * _options.WeightDecay);
        for (int i = 0; i < _matrices.Length; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            NamedParameter parameter = _matrices[i];
            if (parameter.Gradient is not { } gradient)
                continue;
            gradient = gradient.mul(gradientFactor);
            _momenta[i].mul_(momentum).add_(gradient, newShare);
            Tensor direction = gradient.mul(newShare).add_(_momenta[i], momentum); // Nesterov
            parameter.Value.mul_(kept);

            // Query, key and value stored as one tensor are three matrices.
            Tensor[] values = Split(parameter.Value, parameter), directions = Split(direction, parameter);
            for (int part = 0; part < values.Length; part++)
            {
                (long inputs, long outputs) = parameter.InputsFirst
                    ? (values[part].shape[0], values[part].shape[1])
                    : (values[part].shape[1], values[part].shape[0]);
                using Scalar length = -rate * Math.Sqrt(Math.Max(1, (double)outputs / inputs));
                values[part].add_(Orthogonalize(directions[part], _options.Iterations), length);
            }
        }
    }

    /// <summary>
    /// The nearest semi-orthogonal matrix to a matrix, roughly: its singular values come out between about 0.7 and 1.2.
    /// </summary>
    internal static Tensor Orthogonalize(Tensor matrix, int iterations)
    {
        // A quintic whose slope at 0 is as steep as possible, at the price of not converging to exactly 1.
        using Scalar a = 3.4445, b = -4.7750, c = 2.0315, epsilon = 1e-7;
        bool tall = matrix.shape[0] > matrix.shape[1];
        Tensor x = matrix / matrix.norm().add(epsilon);
        x = (tall ? x.t() : x).to(ScalarType.BFloat16);
        for (int i = 0; i < iterations; i++)
        {
            Tensor gram = x.mm(x.t());
            Tensor polynomial = gram.mul(b) + gram.mm(gram).mul(c);
            x = x.mul(a) + polynomial.mm(x);
        }

        return (tall ? x.t() : x).to(ScalarType.Float32);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _state.Dispose();
        _others.Dispose();
    }

    private static Tensor[] Split(Tensor tensor, NamedParameter parameter) =>
        parameter.Stacked == 1 ? [tensor] : tensor.chunk(parameter.Stacked, dim: parameter.InputsFirst ? 1 : 0);
}
