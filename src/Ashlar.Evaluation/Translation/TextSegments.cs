using System.Text;

namespace Ashlar.Evaluation.Translation;

/// <summary>
/// Words and letter case as Python sees them, since the published scores are computed there: its whitespace also has the four
/// separators U+001C to U+001F, and lower-casing knows the final sigma and the dotted capital I.
/// </summary>
internal static class TextSegments
{
    public static bool IsSpace(char letter) => char.IsWhiteSpace(letter) || letter is >= '\u001C' and <= '\u001F';

    /// <summary>Words between whitespace.</summary>
    public static string[] Words(string text)
    {
        List<string> words = [];
        int start = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || IsSpace(text[i]))
            {
                if (start >= 0)
                    words.Add(text[start..i]);
                start = -1;
            }
            else if (start < 0)
            {
                start = i;
            }
        }

        return [.. words];
    }

    /// <summary>The text without whitespace at its end.</summary>
    public static string TrimEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
            end--;
        return text[..end];
    }

    /// <summary>The text without whitespace at both ends.</summary>
    public static string Trim(string text)
    {
        string rest = TrimEnd(text);
        int start = 0;
        while (start < rest.Length && IsSpace(rest[start]))
            start++;
        return rest[start..];
    }

    /// <summary>Unicode's full lower case.</summary>
    public static string Lower(string text)
    {
        if (!text.AsSpan().ContainsAny('\u0130', '\u03A3'))
            return text.ToLowerInvariant();
        StringBuilder lower = new(text.Length + 4);
        for (int i = 0; i < text.Length; i++)
        {
            lower.Append(text[i] switch
            {
                '\u0130' => "i\u0307",
                '\u03A3' => IsFinalSigma(text, i) ? "\u03C2" : "\u03C3",
                _ => text[i].ToString(),
            });
        }

        return lower.ToString().ToLowerInvariant();
    }

    // Unicode 3.13, Final_Sigma: a cased letter before it and none after, marks and apostrophes in between not counted.
    private static bool IsFinalSigma(string text, int at)
    {
        int before = at - 1;
        while (before >= 0 && IsIgnorable(text[before]))
            before--;
        int after = at + 1;
        while (after < text.Length && IsIgnorable(text[after]))
            after++;
        return before >= 0 && IsCased(text[before]) && !(after < text.Length && IsCased(text[after]));
    }

    private static bool IsCased(char letter) => char.IsUpper(letter) || char.IsLower(letter);

    private static bool IsIgnorable(char letter) =>
        letter is '\'' or '.' or ':' or '\u00B7' or '\u2018' or '\u2019' or '^' or '`'
        || char.GetUnicodeCategory(letter) is System.Globalization.UnicodeCategory.NonSpacingMark
            or System.Globalization.UnicodeCategory.EnclosingMark
            or System.Globalization.UnicodeCategory.Format
            or System.Globalization.UnicodeCategory.ModifierLetter
            or System.Globalization.UnicodeCategory.ModifierSymbol;
}
