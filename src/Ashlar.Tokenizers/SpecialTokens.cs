namespace Ashlar.Tokenizers;

/// <summary>Ids of the tokens with a role, null where the vocabulary has none.</summary>
/// <param name="BeginOfText">Begins a text.</param>
/// <param name="EndOfText">Ends a text or a turn.</param>
/// <param name="Padding">Fills short rows.</param>
/// <param name="Unknown">Stands for what the vocabulary lacks.</param>
public sealed record SpecialTokens(int? BeginOfText = null, int? EndOfText = null, int? Padding = null, int? Unknown = null)
{
    /// <summary>Hides a token that a masked language model is to guess.</summary>
    public int? Mask { get; init; }

    /// <summary>Begins a text whose class is read from it (BERT's <c>[CLS]</c>).</summary>
    public int? Classification { get; init; }

    /// <summary>Ends each text of a pair (BERT's <c>[SEP]</c>).</summary>
    public int? Separator { get; init; }
}
