namespace Ashlar.Inference.Models;

/// <summary>Memory that a graph uses again in every call; it grows to the largest call and holds nothing between them.</summary>
internal sealed class WorkingSpace
{
    private float[] _values = [];

    /// <summary>The first values, whatever they are.</summary>
    public Span<float> Take(int size) => Array(size).AsSpan(0, size);

    /// <summary>The same as an array that is at least as long, for closures.</summary>
    public float[] Array(int size)
    {
        if (_values.Length < size)
            _values = GC.AllocateUninitializedArray<float>(Math.Max(size, checked(_values.Length * 3 / 2)));
        return _values;
    }
}
