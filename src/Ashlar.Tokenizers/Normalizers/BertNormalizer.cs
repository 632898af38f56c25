using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Unicode;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>What BERT does to a text before it is cut (Devlin et al. 2019, released code, <c>BasicTokenizer</c>).</summary>
/// <param name="cleanText">Drop control characters, make every white space a space.</param>
/// <param name="handleChineseCharacters">Put spaces around ideographs, so that each is a word.</param>
/// <param name="stripAccents">Drop accents; null does so when <paramref name="lowercase"/> is set.</param>
/// <param name="lowercase">Lower case.</param>
public sealed class BertNormalizer(bool cleanText, bool handleChineseCharacters, bool? stripAccents, bool lowercase) : Normalizer
{
    /// <inheritdoc/>
    public override string Normalize(string text)
    {
        if (cleanText || handleChineseCharacters)
            text = Rewrite(text);
        if (stripAccents ?? lowercase)
            text = StripAccentsNormalizer.Without(UnicodeNormalization.Normalize(text, NormalizationForm.FormD), nonSpacingOnly: true);
        return lowercase ? LowercaseNormalizer.Lower(text) : text;
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "BertNormalizer",
        ["clean_text"] = cleanText,
        ["handle_chinese_chars"] = handleChineseCharacters,
        ["strip_accents"] = stripAccents,
        ["lowercase"] = lowercase,
    };

    private string Rewrite(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return text;
        StringBuilder written = new(text.Length + 16);
        for (int at = 0; at < text.Length;)
        {
            bool whole = Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int length) == OperationStatus.Done;
            if (!cleanText)
                Keep();
            else if (rune.Value is '\t' or '\n' or '\r' || Rune.IsWhiteSpace(rune))
                written.Append(' ');
            else if (whole && rune.Value is not (0 or 0xFFFD) && !IsControl(rune))
                Keep();
            at += length;

            void Keep()
            {
                bool ideograph = handleChineseCharacters && IsIdeograph(rune.Value);
                if (ideograph)
                    written.Append(' ');
                written.Append(text, at, length);
                if (ideograph)
                    written.Append(' ');
            }
        }

        return written.ToString();
    }

    private static bool IsControl(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    private static bool IsIdeograph(int scalar) => scalar is
        (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
