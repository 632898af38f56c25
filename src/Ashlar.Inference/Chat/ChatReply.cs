using Ashlar.Inference.Decoding;

namespace Ashlar.Inference.Chat;

/// <summary>A reply that is about to be written.</summary>
/// <param name="Pieces">The reply as it becomes known; reading it computes it. To be read once, before the next message.</param>
/// <param name="NewlyForgottenCount">Old messages that had to be left out, for the first time, for the conversation to fit the context.</param>
/// <param name="PromptTokenCount">Tokens of the conversation as the model sees it.</param>
/// <param name="CachedTokenCount">Those of them that the model had read before and need not read again.</param>
public sealed record ChatReply(IEnumerable<GeneratedPiece> Pieces, int NewlyForgottenCount, int PromptTokenCount, int CachedTokenCount);
