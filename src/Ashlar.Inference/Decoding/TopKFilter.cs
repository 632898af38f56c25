using Ashlar.Kernels;

namespace Ashlar.Inference.Decoding;

/// <summary>Keeps the k most likely tokens (Fan et al. 2018, section 5.4); of equals, those with the lower ids.</summary>
/// <param name="k">At least 1.</param>
public sealed class TopKFilter(int k) : ILogitsProcessor
{
    private readonly int _k = k >= 1 ? k : throw new ArgumentOutOfRangeException(nameof(k), k, "top-k must keep at least 1 token.");
    private int[] _kept = [];
    private float[] _values = [];

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        if (_k >= logits.Length)
            return;
        if (_kept.Length != _k)
            (_kept, _values) = (new int[_k], new float[_k]);
        TopK.Indices(logits, _kept);
        for (int i = 0; i < _k; i++)
            _values[i] = logits[_kept[i]];
        logits.Fill(float.NegativeInfinity);
        for (int i = 0; i < _k; i++)
            logits[_kept[i]] = _values[i];
    }
}
