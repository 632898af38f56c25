namespace Ashlar.Inference;

/// <summary>
/// A language model that finds the most probable next tokens while it computes their logits. With a large vocabulary that is much
/// less work than writing all logits and reading them again, and what is found is the same.
/// </summary>
public interface ITopTokensModel : ILanguageModel
{
    /// <summary>Appends <c>tokens[i]</c> to <c>states[i]</c> and tells the most probable next tokens of each.</summary>
    /// <param name="states">[count] distinct states of this model.</param>
    /// <param name="tokens">[count] token ids to append, at least one for each state.</param>
    /// <param name="result">Receives [count] rows.</param>
    /// <exception cref="ArgumentException">Counts or sizes do not fit, a token id is outside the vocabulary, or a state is another model's.</exception>
    /// <exception cref="ContextOverflowException">A state would exceed <see cref="ILanguageModel.ContextLength"/>; no state has changed.</exception>
    void Advance(ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, TopTokens result);
}
