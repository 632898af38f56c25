namespace Ashlar.Inference.Decoding;

/// <summary>Divides the logits: below 1 sharpens the distribution, above 1 flattens it.</summary>
/// <param name="temperature">Positive.</param>
public sealed class Temperature(double temperature) : ILogitsProcessor
{
    private readonly float _inverse = temperature > 0
        ? (float)(1 / temperature)
        : throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "A temperature must be positive; 0 is greedy decoding.");

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        foreach (ref float logit in logits)
            logit *= _inverse;
    }
}
