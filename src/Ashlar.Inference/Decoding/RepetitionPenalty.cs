namespace Ashlar.Inference.Decoding;

/// <summary>
/// Makes tokens of the history less likely (Keskar et al. 2019, section 4.1, in the form that handles negative logits):
/// their positive logits are divided by the penalty, negative ones multiplied.
/// </summary>
/// <param name="penalty">1 changes nothing; above 1 discourages repetition.</param>
/// <param name="window">Tokens of the history that count, from its end.</param>
public sealed class RepetitionPenalty(double penalty, int window = int.MaxValue) : ILogitsProcessor
{
    private readonly HashSet<int> _seen = [];

    /// <inheritdoc/>
    public void Apply(ReadOnlySpan<int> history, Span<float> logits)
    {
        _seen.Clear();
        foreach (int token in history[Math.Max(0, history.Length - window)..])
            if (_seen.Add(token))
                logits[token] = (float)(logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty);
    }
}
