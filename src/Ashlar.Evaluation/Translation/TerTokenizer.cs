using System.Text;
using System.Text.RegularExpressions;

namespace Ashlar.Evaluation.Translation;

/// <summary>Tercom's normalizer, with the words that sacreBLEU's gives.</summary>
internal static partial class TerTokenizer
{
    public static string[] Words(string line, TerOptions options)
    {
        string text = options.CaseSensitive ? line : TextSegments.Lower(line);
        if (text.Length == 0)
            return [];
        if (options.Normalize)
        {
            text = Western(text);
            if (options.AsianSupport)
                text = Asian(text);
        }

        if (options.IgnorePunctuation)
        {
            text = WesternMarks().Replace(text, "");
            if (options.AsianSupport)
                text = FullWidthMarks().Replace(AsianMarks().Replace(text, ""), "");
        }

        return TextSegments.Words(text);
    }

    private static string Western(string text)
    {
        text = text.Replace("\n-", "", StringComparison.Ordinal).Replace('\n', ' ')
            .Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
            .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal);
        PairSpacer marks = new($" {text} ");
        marks.Around(BleuTokenizers.IsWesternPunctuation);
        PairSpacer stops = new(marks.ToString().Replace("'s ", " 's ", StringComparison.Ordinal));
        stops.AfterFirst(rune => !BleuTokenizers.IsDigit(rune), BleuTokenizers.IsStopOrComma);
        stops.BeforeFirst(BleuTokenizers.IsStopOrComma, rune => !BleuTokenizers.IsDigit(rune));
        stops.AfterFirst(BleuTokenizers.IsDigit, rune => rune.Value == '-');
        return stops.ToString();
    }

    // Ideographs and marks stand alone. Tercom's patterns for kana are anchored to the beginning of the text, where a space
    // stands by then: they never match.
    private static string Asian(string text)
    {
        StringBuilder spaced = new(text.Length * 2);
        foreach (char letter in text)
        {
            if (IsIdeograph(letter))
                spaced.Append(' ').Append(letter).Append(' ');
            else
                spaced.Append(letter);
        }

        return FullWidthMarks().Replace(AsianMarks().Replace(spaced.ToString(), " $0 "), " $0 ");
    }

    // The block of enclosed letters ends at U+3F22 in sacreBLEU, where U+32FF was meant; that is kept.
    private static bool IsIdeograph(char letter) => letter is
        (>= '\u2E80' and <= '\u2EFF') or (>= '\u31C0' and <= '\u31EF') or (>= '\u3200' and <= '\u4DBF')
        or (>= '\u4E00' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF') or (>= '\uFE30' and <= '\uFE4F');

    [GeneratedRegex("[.,?:;!\"()]")]
    private static partial Regex WesternMarks();

    [GeneratedRegex("[\u3001\u3002\u3008-\u3011\u3014-\u301f\uff61-\uff65\u30fb]")]
    private static partial Regex AsianMarks();

    [GeneratedRegex("[\uff0e\uff0c\uff1f\uff1a\uff1b\uff01\uff02\uff08\uff09]")]
    private static partial Regex FullWidthMarks();
}
