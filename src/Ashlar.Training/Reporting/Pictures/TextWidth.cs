using System.Text;

namespace Ashlar.Training.Reporting.Pictures;

/// <summary>
/// How wide a text will be, to lay out a picture before any font is known. The widths are those of DejaVu Sans, the widest of the faces
/// that show such pictures, so a text never runs over its frame; a narrower face leaves it some air.
/// </summary>
internal static class TextWidth
{
    private const double Heavy = 1.12;

    /// <summary>Width in pixels at a size.</summary>
    public static double Of(string text, double size, bool bold = false)
    {
        double em = 0;
        foreach (Rune rune in text.EnumerateRunes())
            em += Em(rune.Value);
        return em * size * (bold ? Heavy : 1);
    }

    /// <summary>The text, shortened with an ellipsis to fit.</summary>
    public static string Fit(string text, double size, double width, bool bold = false)
    {
        if (Of(text, size, bold) <= width)
            return text;
        StringBuilder kept = new();
        double scale = bold ? size * Heavy : size, used = scale;
        foreach (Rune rune in text.EnumerateRunes())
        {
            used += Em(rune.Value) * scale;
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
        'm' or 'M' or 'W' or '@' or '%' => 1,
        'w' or '<' or '>' or '=' or '+' or '~' or '\u2423' or '\u2212' or '\u2192' => 0.84,
        'i' or 'l' or 'j' or 'I' or '.' or ',' or '\'' or '|' or ' ' or ':' or ';' or '/' => 0.34,
        't' or 'f' or 'r' or '!' or '(' or ')' or '-' => 0.41,
        >= 'A' and <= 'Z' => 0.77,
        _ => 0.64,
    };
}
