namespace Ashlar.Tokenizers;

/// <summary>Ids of the tokens with a role, null where the vocabulary has none.</summary>
/// <param name="BeginOfText">Begins a text.</param>
/// <param name="EndOfText">Ends a text or a turn.</param>
/// <param name="Padding">Fills short rows.</param>
/// <param name="Unknown">Stands for what the vocabulary lacks.</param>
public sealed record SpecialTokens(int? BeginOfText = null, int? EndOfText = null, int? Padding = null, int? Unknown = null);
