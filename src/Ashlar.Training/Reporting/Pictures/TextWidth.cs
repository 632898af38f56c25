using System.Text;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>How wide a text will be, near enough to lay out a picture before any font is known.</summary>
internal static class TextWidth
{
    /// <summary>Width in pixels at a size.</summary>
    public static double Of(string text, double size)
    {
        double em = 0;
        foreach (Rune rune in text.EnumerateRunes())
            em += Em(rune.Value);
        return em * size;
    }

    /// <summary>The text, shortened with an ellipsis to fit.</summary>
    public static string Fit(string text, double size, double width)
    {
        if (Of(text, size) <= width)
            return text;
        StringBuilder kept = new();
        double used = size;
        foreach (Rune rune in text.EnumerateRunes())
        {
            used += Em(rune.Value) * size;
            if (used > width)
                break;
            kept.Append(rune.ToString());
        }

        return kept.Append('…').ToString();
    }

    // Ideographs, kana, hangul, full-width forms and emoji fill a square; Latin letters about half of one.
    private static double Em(int rune) => rune switch
    {
        >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF
            or >= 0xFE30 and <= 0xFE4F or >= 0xFF00 and <= 0xFF60 or >= 0x1F300 and <= 0x3FFFF => 1,
        'm' or 'w' or 'M' or 'W' or '@' or '%' => 0.88,
        'i' or 'l' or 'j' or 't' or 'f' or 'I' or '.' or ',' or '\'' or '|' or ' ' or ':' or ';' or '!' => 0.32,
        >= 'A' and <= 'Z' => 0.68,
        _ => 0.57,
    };
}
