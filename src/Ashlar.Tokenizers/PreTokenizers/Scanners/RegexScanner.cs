using System.Text.RegularExpressions;

namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>Any other pattern, by .NET's regular expressions; text between matches is a pre-token of its own.</summary>
internal sealed class RegexScanner(string pattern) : TextScanner
{
    // \G keeps the match where the scan stands; possessive quantifiers are atomic groups in .NET.
    private readonly Regex _next = new(@"\G(?:" + Possessive(pattern) + ")", RegexOptions.CultureInvariant | RegexOptions.Compiled);

    public override string Pattern => pattern;

    /// <summary>A scanner by .NET's regular expressions.</summary>
    /// <exception cref="InvalidDataException">Not a regular expression.</exception>
    public static RegexScanner Parse(string pattern)
    {
        try
        {
            return new RegexScanner(pattern);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"the pre-tokenizer's pattern is not a regular expression: {error.Message}", error);
        }
    }

    public override int NextLength(ReadOnlySpan<char> text)
    {
        foreach (ValueMatch match in _next.EnumerateMatches(text))
        {
            if (match.Index == 0 && match.Length > 0)
                return match.Length;
            break;
        }

        return char.IsHighSurrogate(text[0]) && text.Length > 1 && char.IsLowSurrogate(text[1]) ? 2 : 1;
    }

    internal static string Possessive(string pattern) =>
        Regex.Replace(pattern, @"(\[(?:[^\]\\]|\\.)*\]|\\p\{\w+\}|\\.)(\{\d+,?\d*\}|[+*?])\+", "(?>$1$2)");
}
