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

    // Published patterns name ranges of ideographs that take in all of U+0800 to U+9FA5; none of these is in one. The cased
    // letters are in DeepSeek's list of cased letters, as those above U+FFFF are.
    private static char Representative(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u0100',
        UnicodeCategory.LowercaseLetter => '\u0101',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\u02B0',
        UnicodeCategory.OtherLetter => '\uA000',
        UnicodeCategory.NonSpacingMark => '\u0301',
        UnicodeCategory.SpacingCombiningMark => '\uA823',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\uA6E6',
        UnicodeCategory.OtherNumber => '\u00B2',
        UnicodeCategory.MathSymbol => '\u03F6',
        UnicodeCategory.CurrencySymbol => '\u00A4',
        UnicodeCategory.ModifierSymbol => '\u02C2',
        UnicodeCategory.OtherSymbol => '\u0482',
        UnicodeCategory.ConnectorPunctuation => '\uFE33',
        UnicodeCategory.DashPunctuation => '\u058A',
        UnicodeCategory.OpenPunctuation => '\uFE17',
        UnicodeCategory.ClosePunctuation => '\uFE18',
        UnicodeCategory.OtherPunctuation => '\u00A7',
        UnicodeCategory.Format => '\u00AD',
        _ => '\uE000',
    };

    // Possessive quantifiers become atomic groups; ranges above U+FFFF go, for their scalars are never seen as themselves.
    private static string Translate(string pattern) =>
        Possessive().Replace(Class().Replace(pattern, match => AboveBasicPlane().Replace(match.Value, "")), "(?>$1$2)");

    [GeneratedRegex(@"\[(?:[^\]\\]|\\.)*\]")]
    private static partial Regex Class();

    [GeneratedRegex(@"(\[(?:[^\]\\]|\\.)*\]|\\p\{\w+\}|\\.)(\{\d+,?\d*\}|[+*?])\+")]
    private static partial Regex Possessive();

    [GeneratedRegex(@"[\uD800-\uDBFF][\uDC00-\uDFFF](?:-[\uD800-\uDBFF][\uDC00-\uDFFF])?")]
    private static partial Regex AboveBasicPlane();
}
