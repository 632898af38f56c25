using System.Diagnostics.CodeAnalysis;

namespace Ashlar.Checkpoints;

/// <summary>Tensors held in managed memory, float32: what a converter or a live training run hands to the runtime.</summary>
public sealed class MemoryTensorSource(string source) : ITensorSource
{
    private readonly Dictionary<string, (TensorInfo Info, ReadOnlyMemory<float> Values)> _tensors = [];
    private readonly List<string> _names = [];

    /// <inheritdoc/>
    public string Source { get; } = source;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Adds a tensor; the memory is not copied.</summary>
    /// <exception cref="ArgumentException">The name is taken, or the shape does not match the length.</exception>
    public void Add(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> values)
    {
        TensorInfo info = new(name, TensorType.Float32, shape);
        if (info.ElementCount != values.Length)
            throw new ArgumentException($"{name} has {values.Length} values for shape {info.ShapeText}.", nameof(values));
        if (!_tensors.TryAdd(name, (info, values)))
            throw new ArgumentException($"{name} is there already.", nameof(name));
        _names.Add(name);
    }

    /// <inheritdoc/>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorInfo? info)
    {
        bool found = _tensors.TryGetValue(name, out (TensorInfo Info, ReadOnlyMemory<float> Values) entry);
        info = entry.Info;
        return found;
    }

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination)
    {
        if (!_tensors.TryGetValue(name, out (TensorInfo Info, ReadOnlyMemory<float> Values) entry))
            throw new InvalidDataException($"{Source}: tensor {name} is missing.");
        entry.Values.Span.CopyTo(destination);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
