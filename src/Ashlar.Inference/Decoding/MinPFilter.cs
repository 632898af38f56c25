namespace Ashlar.Inference.Decoding;

/// <summary>Keeps tokens at least <paramref name="p"/> times as likely as the most likely one (Nguyen et al. 2024).</summary>
/// <param name="p">From 0, which keeps all, to 1, which keeps the most likely only.</param>
public sealed class MinPFilter(double p) : ILogitsProcessor
{
    private readonly float _margin = p is >= 0 and <= 1
        ? (float)Math.Log(p)
        : throw new ArgumentOutOfRangeException(nameof(p), p, "min-p must be from 0 to 1.");

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
            largest = MathF.Max(largest, logit);
        float threshold = largest + _margin;
        foreach (ref float logit in logits)
            if (logit < threshold)
                logit = float.NegativeInfinity;
    }
}
