namespace Ashlar.Inference.Decoding;

/// <summary>Forbids the token that would complete an n-gram which is already in the text (Paulus et al. 2018, section 2.5).</summary>
/// <param name="size">Tokens of an n-gram.</param>
/// <param name="promptLength">Tokens of the history that are the prompt, which does not count.</param>
public sealed class NoRepeatNGram(int size, int promptLength) : ILogitsProcessor
{
    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        ReadOnlySpan<int> text = history[promptLength..];
        if (text.Length < size)
            return;
        ReadOnlySpan<int> end = text[(text.Length - size + 1)..];
        for (int at = 0; at + size <= text.Length; at++)
            if (text.Slice(at, size - 1).SequenceEqual(end))
                logits[text[at + size - 1]] = float.NegativeInfinity;
    }
}
