using Ashlar.Tokenizers;

namespace Ashlar.Inference.Translation;

/// <summary>Single tokens as people read them.</summary>
public static class TokenText
{
    /// <summary>
    /// The text of a token; the spelling of a special one; the bytes of one that is only part of a character, as <c>⟨E7 9F⟩</c>.
    /// </summary>
    public static string Of(Tokenizer tokenizer, int id)
    {
        if (tokenizer.IsSpecial(id))
            return tokenizer.IdToToken(id);
        string text = tokenizer.Decode([id]);
        if (text.Contains('\uFFFD'))
            return $"⟨{BitConverter.ToString(tokenizer.DecodeBytes([id])).Replace('-', ' ')}⟩";
        return text.Length > 0 ? text : tokenizer.IdToToken(id);
    }
}
