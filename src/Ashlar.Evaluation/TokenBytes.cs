using Ashlar.Tokenizers;

namespace Ashlar.Evaluation;

/// <summary>What scores per byte need to know of a vocabulary.</summary>
/// <param name="ByteCount">Bytes of UTF-8 text that a token adds after the token before it (null: at the start of a text).</param>
/// <param name="IsSpecial">Whether a token is a mark rather than text; its cost and its bytes do not count.</param>
public sealed record TokenBytes(Func<int, int?, int> ByteCount, Func<int, bool> IsSpecial)
{
    /// <summary>As a tokenizer counts them. Ids of a model's vocabulary that the tokenizer lacks count as special.</summary>
    public static TokenBytes Of(Tokenizer tokenizer) => new(
        tokenizer.TokenByteCountAfter, id => id >= tokenizer.VocabularySize || tokenizer.IsSpecial(id));
}
