namespace Ashlar.Inference;

/// <summary>
/// A language model is a state and a distribution: the state stands for the tokens read so far, and reading more tokens
/// gives the logits of the next one. N-grams, recurrent networks and Transformers all have this shape, and every decoder
/// and every score is written once, over it.
/// </summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>Number of logits at each position; token ids are 0 to this - 1.</summary>
    int VocabularySize { get; }

    /// <summary>Longest sequence in tokens, or null if there is no limit.</summary>
    int? ContextLength { get; }

    /// <summary>A state that has read nothing.</summary>
    LanguageModelState NewState();

    /// <summary>
    /// Appends <c>tokens[i]</c> to <c>states[i]</c> for every sequence i; the lengths may differ.
    /// </summary>
    /// <param name="states">[count] distinct states of this model.</param>
    /// <param name="tokens">[count] token ids to append, at least one for each state.</param>
    /// <param name="logits">
    /// Receives unnormalised log-probabilities of the next token: [count, vocabulary] with
    /// <see cref="LogitsSelection.Last"/>, or [sum of the lengths, vocabulary] with <see cref="LogitsSelection.All"/>,
    /// sequences one after another. Exactly this long, or longer.
    /// </param>
    /// <param name="selection">Which positions' logits are wanted.</param>
    /// <exception cref="ArgumentException">Counts or sizes do not fit, a token id is outside the vocabulary, or a state is another model's.</exception>
    /// <exception cref="ContextOverflowException">A state would exceed <see cref="ContextLength"/>; no state has changed.</exception>
    void Advance(
        ReadOnlySpan<LanguageModelState> states,
        ReadOnlySpan<ReadOnlyMemory<int>> tokens,
        Span<float> logits,
        LogitsSelection selection);
}
