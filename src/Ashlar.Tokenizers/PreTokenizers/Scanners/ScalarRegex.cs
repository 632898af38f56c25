using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>
/// .NET's regular expressions over Unicode scalars. They work on UTF-16 units and know no possessive quantifiers; patterns of
/// tokenizers expect both. A scalar above U+FFFF is seen as one character of the same general category, which is all that
/// published patterns ask of one.
/// </summary>
internal sealed partial class ScalarRegex
{
    private readonly Regex _regex;

    /// <summary>Translates a pattern.</summary>
    /// <exception cref="InvalidDataException">Not a regular expression.</exception>
    public ScalarRegex(string pattern, bool literal = false)
    {
        try
        {
            _regex = new Regex(literal ? Regex.Escape(pattern) : Translate(pattern), RegexOptions.CultureInvariant | RegexOptions.Compiled);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"the pre-tokenizer's pattern is not a regular expression: {error.Message}", error);
        }
    }

    /// <summary>Appends the matches of a text, in order; empty ones are passed over.</summary>
    public void Matches(string text, List<(int Start, int Length)> matches)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            foreach (ValueMatch match in _regex.EnumerateMatches(text))
            {
                if (match.Length > 0)
                    matches.Add((match.Index, match.Length));
            }

            return;
        }

        StringBuilder seen = new(text.Length);
        List<int> starts = new(text.Length + 1);
        for (int at = 0; at < text.Length;)
        {
            starts.Add(at);
            bool whole = Rune.TryGetRuneAt(text, at, out Rune rune);
            seen.Append(!whole ? '\uFFFD' : rune.IsBmp ? (char)rune.Value : Representative(Rune.GetUnicodeCategory(rune)));
            at += whole ? rune.Utf16SequenceLength : 1;
        }

        starts.Add(text.Length);
        foreach (ValueMatch match in _regex.EnumerateMatches(seen.ToString()))
        {
            if (match.Length > 0)
                matches.Add((starts[match.Index], starts[match.Index + match.Length] - starts[match.Index]));
        }
    }

    // Not one of these is in a range that a published pattern names one by one, except that cased letters are in DeepSeek's
    // list of all cased letters, which holds those above U+FFFF too.
    private static char Representative(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u13A0',
        UnicodeCategory.LowercaseLetter => '\uAB70',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\uA717',
        UnicodeCategory.OtherLetter => '\uA000',
        UnicodeCategory.NonSpacingMark => '\u0301',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u20DD',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u2160',
        UnicodeCategory.OtherNumber => '\u00B2',
        UnicodeCategory.MathSymbol => '\u2200',
        UnicodeCategory.CurrencySymbol => '\u20A4',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u2300',
        UnicodeCategory.ConnectorPunctuation => '\u203F',
        UnicodeCategory.DashPunctuation => '\u058A',
        UnicodeCategory.OpenPunctuation => '\u2045',
        UnicodeCategory.ClosePunctuation => '\u2046',
        UnicodeCategory.OtherPunctuation => '\u2016',
        UnicodeCategory.Format => '\u2060',
        _ => '\uE000',
    };

    // Possessive quantifiers become atomic groups; ranges above U+FFFF go, for their scalars are never seen as themselves.
    private static string Translate(string pattern) =>
        Possessive().Replace(AboveBasicPlane().Replace(pattern, ""), "(?>$1$2)");

    [GeneratedRegex(@"(\[(?:[^\]\\]|\\.)*\]|\\p\{\w+\}|\\.)(\{\d+,?\d*\}|[+*?])\+")]
    private static partial Regex Possessive();

    [GeneratedRegex(@"[\uD800-\uDBFF][\uDC00-\uDFFF](?:-[\uD800-\uDBFF][\uDC00-\uDFFF])?")]
    private static partial Regex AboveBasicPlane();
}
