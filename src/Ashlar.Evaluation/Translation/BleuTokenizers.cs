using System.Text;

namespace Ashlar.Evaluation.Translation;

/// <summary>The tokenizations of sacreBLEU (Post 2018), each giving exactly its words.</summary>
public static class BleuTokenizers
{
    private static readonly (string Name, BleuTokenizer Kind)[] Names =
    [
        ("13a", BleuTokenizer.Mteval13a), ("none", BleuTokenizer.None), ("intl", BleuTokenizer.International),
        ("zh", BleuTokenizer.Chinese), ("char", BleuTokenizer.Character),
    ];

    // The ranges that sacreBLEU's zh tokenizer tests in fact. Two of its limits have five hexadecimal digits behind \u, which
    // Python reads as a character and a digit, so that U+2001 to U+2A6D count and the characters beyond U+FFFF do not.
    private static readonly (char First, char Last)[] ChineseRanges =
    [
        ('\u2001', '\u2A6D'), ('\u2E80', '\u2EFF'), ('\u2F00', '\u2FDF'), ('\u2FF0', '\u303F'), ('\u3100', '\u312F'),
        ('\u31A0', '\u31BF'), ('\u31C0', '\u31EF'), ('\u3200', '\u33FF'), ('\u3400', '\u4DB5'), ('\u4E00', '\u9FBB'),
        ('\uF900', '\uFA2D'), ('\uFA30', '\uFA6A'), ('\uFA70', '\uFAD9'), ('\uFE10', '\uFE1F'), ('\uFE30', '\uFE4F'),
        ('\uFF00', '\uFFEF'),
    ];

    /// <summary>The names that <see cref="Parse"/> knows.</summary>
    public static IReadOnlyList<string> KnownNames { get; } = [.. Names.Select(entry => entry.Name)];

    /// <summary>sacreBLEU's name, as it stands in a signature.</summary>
    public static string Name(BleuTokenizer tokenizer) => Names.First(entry => entry.Kind == tokenizer).Name;

    /// <summary>The tokenizer of a name.</summary>
    /// <exception cref="InvalidDataException">The name is not known.</exception>
    public static BleuTokenizer Parse(string name)
    {
        foreach ((string known, BleuTokenizer kind) in Names)
        {
            if (known == name)
                return kind;
        }

        throw new InvalidDataException($"BLEU tokenizer '{name}' is unknown; expected {string.Join(", ", KnownNames)}.");
    }

    /// <summary>That which sacreBLEU chooses by the language that is written: zh for Chinese, 13a for all others.</summary>
    /// <param name="language">Its code, such as <c>en</c>.</param>
    /// <exception cref="InvalidDataException">Japanese or Korean, whose tokenizers need MeCab, which is not here.</exception>
    public static BleuTokenizer OfLanguage(string language) => language switch
    {
        "zh" => BleuTokenizer.Chinese,
        "ja" or "ko" => throw new InvalidDataException($"sacreBLEU's tokenizer for '{language}' needs MeCab, which is not here; expected one of {string.Join(", ", KnownNames)} by name."),
        _ => BleuTokenizer.Mteval13a,
    };

    /// <summary>The words of a line.</summary>
    public static string[] Words(BleuTokenizer tokenizer, string line) => tokenizer switch
    {
        BleuTokenizer.None => TextSegments.Words(line),
        BleuTokenizer.Character => [.. line.EnumerateRunes().Select(rune => rune.ToString()).Where(text => !TextSegments.IsSpace(text[0]))],
        BleuTokenizer.International => International(line),
        BleuTokenizer.Chinese => Western(SpaceChinese(TextSegments.Trim(line))),
        _ => Western($" {Unescape(line)} "),
    };

    private static string Unescape(string line)
    {
        line = line.Replace("<skipped>", "", StringComparison.Ordinal)
            .Replace("-\n", "", StringComparison.Ordinal).Replace('\n', ' ');
        return line.Contains('&')
            ? line.Replace("&quot;", "\"", StringComparison.Ordinal).Replace("&amp;", "&", StringComparison.Ordinal)
                .Replace("&lt;", "<", StringComparison.Ordinal).Replace("&gt;", ">", StringComparison.Ordinal)
            : line;
    }

    private static string SpaceChinese(string line)
    {
        StringBuilder spaced = new(line.Length * 2);
        foreach (char letter in line)
        {
            if (IsChinese(letter))
                spaced.Append(' ').Append(letter).Append(' ');
            else
                spaced.Append(letter);
        }

        return spaced.ToString();
    }

    private static bool IsChinese(char letter)
    {
        foreach ((char first, char last) in ChineseRanges)
        {
            if (letter >= first && letter <= last)
                return true;
        }

        return false;
    }

    // mteval-v13a: ASCII punctuation stands alone, but apostrophes stay; full stops, commas and hyphens go by the digits
    // beside them.
    private static string[] Western(string line)
    {
        PairSpacer spacer = new(line);
        spacer.Around(IsWesternPunctuation);
        spacer.AfterFirst(rune => !IsDigit(rune), IsStopOrComma);
        spacer.BeforeFirst(IsStopOrComma, rune => !IsDigit(rune));
        spacer.AfterFirst(IsDigit, rune => rune.Value == '-');
        return TextSegments.Words(spacer.ToString());
    }

    // mteval-v14: punctuation stands alone except between numbers, and symbols always do.
    private static string[] International(string line)
    {
        PairSpacer spacer = new(line);
        spacer.AfterFirst(rune => !Rune.IsNumber(rune), Rune.IsPunctuation);
        spacer.BeforeFirst(Rune.IsPunctuation, rune => !Rune.IsNumber(rune));
        spacer.Around(Rune.IsSymbol);
        return TextSegments.Words(spacer.ToString());
    }

    internal static bool IsWesternPunctuation(Rune rune) => rune.Value is
        (>= '{' and <= '~') or (>= '[' and <= '`') or (>= ' ' and <= '&') or (>= '(' and <= '+') or (>= ':' and <= '@') or '/';

    internal static bool IsStopOrComma(Rune rune) => rune.Value is '.' or ',';

    internal static bool IsDigit(Rune rune) => rune.Value is >= '0' and <= '9';
}
