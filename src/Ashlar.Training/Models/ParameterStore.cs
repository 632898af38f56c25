using Ashlar.Checkpoints.Configurations;
using static TorchSharp.torch;

namespace Ashlar.Training.Models;

/// <summary>
/// A model's parameters, side by side in one fp32 buffer, and their gradients in another. One buffer means one clearing, one norm and
/// one cast for the whole model; and tensors that follow each other (query, key, value; gate, up) can be used as one matrix.
/// </summary>
public sealed class ParameterStore : IDisposable
{
    private readonly Dictionary<string, NamedParameter> _byName = [];
    private readonly Dictionary<string, long> _offsets = [];
    private readonly List<NamedParameter> _parameters = [];
    private readonly List<Tensor> _gradientViews = [];
    private Tensor? _gradients;

    /// <summary>Allocates zeroed parameters of the shapes given, in that order.</summary>
    /// <param name="tensors">What to allocate.</param>
    /// <param name="device">Where.</param>
    /// <param name="stacked"><see cref="NamedParameter.Stacked"/> of a tensor; null for a decoder's.</param>
    public ParameterStore(
        IEnumerable<(TensorDescription Tensor, ParameterKind Kind, bool InputsFirst)> tensors, Device device, Func<TensorDescription, int>? stacked = null)
    {
        (TensorDescription Tensor, ParameterKind Kind, bool InputsFirst)[] all = [.. tensors];
        Count = all.Sum(item => Size(item.Tensor));
        using IDisposable detached = no_grad();
        Values = zeros([Count], ScalarType.Float32, device).DetachFromDisposeScope();
        long offset = 0;
        foreach ((TensorDescription description, ParameterKind kind, bool inputsFirst) in all)
        {
            using Tensor part = Values.narrow(0, offset, Size(description));
            using Tensor shaped = part.view([.. description.Shape]);
            Tensor value = shaped.detach().DetachFromDisposeScope();
            value.requires_grad = true;
            NamedParameter parameter = new(description.Name, value, kind)
            {
                InputsFirst = inputsFirst,
                Stacked = stacked?.Invoke(description) ?? (description.Name.EndsWith(".c_attn.weight", StringComparison.Ordinal) ? 3 : 1),
            };
            _byName.Add(description.Name, parameter);
            _offsets.Add(description.Name, offset);
            _parameters.Add(parameter);
            offset += Size(description);
        }
    }

    /// <summary>Number of parameters.</summary>
    public long Count { get; }

    /// <summary>All parameters, [count].</summary>
    public Tensor Values { get; }

    /// <summary>The parameters in file order, tied ones once.</summary>
    public IReadOnlyList<NamedParameter> Parameters => _parameters;

    /// <summary>The parameter of that name.</summary>
    public NamedParameter this[string name] => _byName[name];

    /// <summary>Where the parameter of that name begins in <see cref="Values"/> and <see cref="Gradients"/>.</summary>
    public long Offset(string name) => _offsets[name];

    /// <summary>All gradients, [count]; allocated, zeroed and set as each parameter's gradient at the first use.</summary>
    public Tensor Gradients
    {
        get
        {
            if (_gradients is not null)
                return _gradients;
            using IDisposable detached = no_grad();
            _gradients = zeros_like(Values).DetachFromDisposeScope();
            foreach (NamedParameter parameter in _parameters)
            {
                using Tensor part = _gradients.narrow(0, _offsets[parameter.Name], parameter.Value.numel());
                Tensor view = part.view(parameter.Value.shape).DetachFromDisposeScope();
                parameter.Value.grad = view;
                _gradientViews.Add(view);
            }

            return _gradients;
        }
    }

    /// <summary>Sets every gradient to zero.</summary>
    public void ZeroGradients() => Gradients.zero_();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NamedParameter parameter in _parameters)
            parameter.Value.Dispose();
        foreach (Tensor view in _gradientViews)
            view.Dispose();
        _gradients?.Dispose();
        Values.Dispose();
    }

    private static long Size(TensorDescription tensor) => tensor.Shape.Aggregate(1L, (product, size) => product * size);
}
