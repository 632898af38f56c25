namespace Ashlar.Inference.Decoding;

/// <summary>A piece of generated text, as it becomes known.</summary>
/// <param name="Text">Whole characters; empty while a character or a possible stop string is incomplete.</param>
/// <param name="Token">The token that was generated; null in the last piece.</param>
/// <param name="Summary">How it ended; in the last piece only.</param>
public readonly record struct GeneratedPiece(string Text, int? Token, GenerationSummary? Summary);

/// <summary>What was generated, and why it ended.</summary>
/// <param name="Text">The whole text, without what ended it.</param>
/// <param name="Tokens">The generated tokens, a stop token among them.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="PromptTokenCount">Tokens of the prompt.</param>
/// <param name="CachedTokenCount">Tokens of the prompt that the state had already read.</param>
public sealed record GenerationSummary(
    string Text, IReadOnlyList<int> Tokens, FinishReason FinishReason, int PromptTokenCount, int CachedTokenCount)
{
    /// <summary>Number of generated tokens, a stop token among them.</summary>
    public int GeneratedTokenCount => Tokens.Count;
}
