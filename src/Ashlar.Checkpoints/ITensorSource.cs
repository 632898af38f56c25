namespace Ashlar.Checkpoints;

/// <summary>Named tensors that can be read: a file, a folder of shards, or memory.</summary>
public interface ITensorSource : IDisposable
{
    /// <summary>Where the tensors come from, for messages.</summary>
    string Source { get; }

    /// <summary>Names, in file order.</summary>
    IReadOnlyCollection<string> Names { get; }

    /// <summary>Looks a tensor up.</summary>
    bool TryGet(string name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TensorInfo? info);

    /// <summary>Reads a tensor as float32, whatever its floating-point type in the file.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="destination">Row-major; exactly <see cref="TensorInfo.ElementCount"/> long.</param>
    /// <exception cref="InvalidDataException">No such tensor, or not a floating-point type.</exception>
    void ReadFloat32(string name, Span<float> destination);
}
