namespace Ashlar.Inference.Decoding;

/// <summary>
/// The presence and frequency penalties of the OpenAI API: a generated token's logit is lowered by
/// <paramref name="presence"/> once, and by <paramref name="frequency"/> for each time it was generated.
/// </summary>
/// <param name="presence">Subtracted once from each token that was generated.</param>
/// <param name="frequency">Subtracted for each time a token was generated.</param>
/// <param name="promptLength">Tokens of the history that are the prompt; they do not count.</param>
public sealed class PresencePenalty(double presence, double frequency, int promptLength) : ILogitsProcessor
{
    private readonly Dictionary<int, int> _counts = [];

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        _counts.Clear();
        foreach (int token in history[Math.Min(promptLength, history.Length)..])
            _counts[token] = _counts.GetValueOrDefault(token) + 1;
        foreach ((int token, int count) in _counts)
            logits[token] -= (float)(presence + frequency * count);
    }
}
