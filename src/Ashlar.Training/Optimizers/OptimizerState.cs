using Ashlar.Training.Models;
using static TorchSharp.torch;

namespace Ashlar.Training.Optimizers;

/// <summary>Zeroed tensors that an optimizer keeps for each parameter, under the names they are saved by.</summary>
internal sealed class OptimizerState : IDisposable
{
    private readonly Dictionary<string, Tensor> _tensors = [];

    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>One tensor of the parameter's shape for each parameter, named "kind.parameter".</summary>
    public Tensor[] AddFor(string kind, IEnumerable<NamedParameter> parameters) =>
        [.. parameters.Select(parameter => Add($"{kind}.{parameter.Name}", parameter.Value.shape, parameter.Value.device))];

    /// <summary>One tensor.</summary>
    public Tensor Add(string name, long[] shape, Device device)
    {
        Tensor tensor = zeros(shape, ScalarType.Float32, device).DetachFromDisposeScope();
        _tensors.Add(name, tensor);
        return tensor;
    }

    public void Dispose()
    {
        foreach (Tensor tensor in _tensors.Values)
            tensor.Dispose();
    }
}
