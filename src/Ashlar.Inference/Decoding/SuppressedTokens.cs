namespace Ashlar.Inference.Decoding;

/// <summary>Forbids tokens everywhere, such as padding.</summary>
/// <param name="ids">The tokens.</param>
public sealed class SuppressedTokens(IReadOnlyList<int> ids) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        foreach (int id in ids)
            logits[id] = float.NegativeInfinity;
    }
}
