namespace Ashlar.Inference.Decoding;

/// <summary>Forbids the end of a text that is too short.</summary>
/// <param name="minimum">Fewest generated tokens before an end token.</param>
/// <param name="stopIds">The end tokens.</param>
/// <param name="promptLength">Tokens of the history that are the prompt.</param>
public sealed class MinimumLength(int minimum, IReadOnlyList<int> stopIds, int promptLength) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        if (history.Length - promptLength >= minimum)
            return;
        foreach (int id in stopIds)
            logits[id] = float.NegativeInfinity;
    }
}
