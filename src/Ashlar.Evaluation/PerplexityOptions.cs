namespace Ashlar.Evaluation;

/// <summary>How long texts are cut for a model with a bounded context, and what is read before them.</summary>
public sealed record PerplexityOptions
{
    /// <summary>
    /// Tokens a model reads at most before it is started anew; null for its context length. A model without one, such as a
    /// recurrent network, then reads every document whole.
    /// </summary>
    public int? WindowLength { get; init; }

    /// <summary>
    /// Tokens between the starts of two windows; null for <see cref="WindowLength"/>, windows that do not overlap. A smaller
    /// stride gives every token a longer past, at the cost of reading more; each token is scored once, in the first window
    /// that predicts it.
    /// </summary>
    public int? Stride { get; init; }

    /// <summary>
    /// Read before each document, so that its first token is scored too; null scores from the second token on.
    /// </summary>
    public int? BeginOfTextId { get; init; }

    /// <summary>Windows that are read together.</summary>
    public int BatchSize { get; init; } = 8;
}
