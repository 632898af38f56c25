using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>Drops combining marks; of use after NFD or NFKD, which set them apart from their letters.</summary>
public sealed class StripAccentsNormalizer : Normalizer
{
    /// <inheritdoc/>
    public override string Normalize(string text) => Without(text, nonSpacingOnly: false);

    internal override JsonObject Write() => new() { ["type"] = "StripAccents" };

    /// <summary>The text without its marks.</summary>
    /// <param name="text">Decomposed text.</param>
    /// <param name="nonSpacingOnly">Whether spacing and enclosing marks stay, as BERT has it.</param>
    internal static string Without(string text, bool nonSpacingOnly)
    {
        int at = 0;
        while (at < text.Length && text[at] < '\u0300')
            at++;
        if (at == text.Length)
            return text;
        StringBuilder kept = new(text, 0, at, text.Length);
        while (at < text.Length)
        {
            OperationStatus status = Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int length);
            bool mark = status == OperationStatus.Done && Rune.GetUnicodeCategory(rune) switch
            {
                UnicodeCategory.NonSpacingMark => true,
                UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => !nonSpacingOnly,
                _ => false,
            };
            if (!mark)
                kept.Append(text, at, length);
            at += length;
        }

        return kept.ToString();
    }
}
