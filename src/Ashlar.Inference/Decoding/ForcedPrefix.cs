namespace Ashlar.Inference.Decoding;

/// <summary>Lets only one token through while the beginning of a text is given.</summary>
/// <param name="prefix">The beginning.</param>
/// <param name="promptLength">Tokens of the history that are the prompt.</param>
/// <param name="afterwards">What applies once the beginning is written: it is the caller's word, and nothing else forbids it.</param>
public sealed class ForcedPrefix(ReadOnlyMemory<int> prefix, int promptLength, IReadOnlyList<ILogitsProcessor> afterwards) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        int at = history.Length - promptLength;
        if (at < prefix.Length)
        {
            float own = logits[prefix.Span[at]];
            logits.Fill(float.NegativeInfinity);
            logits[prefix.Span[at]] = own;
            return;
        }

        foreach (ILogitsProcessor processor in afterwards)
            processor.Apply(history, logits);
    }
}
