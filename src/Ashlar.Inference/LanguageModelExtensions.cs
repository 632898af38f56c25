namespace Ashlar.Inference;

/// <summary>Single-sequence forms of <see cref="ILanguageModel.Advance"/>.</summary>
public static class LanguageModelExtensions
{
    /// <summary>Appends tokens to one state.</summary>
    /// <param name="model">The model.</param>
    /// <param name="state">A state of the model.</param>
    /// <param name="tokens">Token ids, at least one.</param>
    /// <param name="logits">[vocabulary] with <see cref="LogitsSelection.Last"/>, [tokens, vocabulary] with <see cref="LogitsSelection.All"/>.</param>
    /// <param name="selection">Which positions' logits are wanted.</param>
    public static void Advance(
        this ILanguageModel model,
        LanguageModelState state,
        ReadOnlyMemory<int> tokens,
        Span<float> logits,
        LogitsSelection selection = LogitsSelection.Last) =>
        model.Advance([state], [tokens], logits, selection);
}
