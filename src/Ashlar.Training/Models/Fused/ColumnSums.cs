using Ashlar.Kernels;
using Ashlar.Training.Native;

namespace Ashlar.Training.Models.Fused;

/// <summary>
/// Sums of rows, which the gradients of biases and gains are. Each part of a parallel loop has its own, and they are added in the
/// order of the parts, so that the result does not depend on timing.
/// </summary>
internal sealed unsafe class ColumnSums(float* destination, int width)
{
    private readonly Lock _growing = new();
    private volatile float[][] _parts = [];

    /// <summary>The sums of one part.</summary>
    public Span<float> this[int part]
    {
        get
        {
            if (_parts.Length <= part)
                Grow();
            return _parts[part];
        }
    }

    /// <summary>Adds a row.</summary>
    public void Add(int part, ReadOnlySpan<float> row) => Addition.Accumulate(this[part], row);

    /// <summary>destination += all parts, which become 0.</summary>
    public void Finish()
    {
        foreach (float[] part in _parts)
        {
            Addition.Accumulate(new Span<float>(destination, width), part);
            Array.Clear(part);
        }
    }

    private void Grow()
    {
        lock (_growing)
        {
            if (_parts.Length < TorchParallel.Parts)
                _parts = [.. _parts, .. Enumerable.Range(_parts.Length, TorchParallel.Parts - _parts.Length).Select(_ => new float[width])];
        }
    }
}
