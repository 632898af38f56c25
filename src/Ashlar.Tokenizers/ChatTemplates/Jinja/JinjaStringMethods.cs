using System.Text;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>Python's string methods that templates call.</summary>
internal static class JinjaStringMethods
{
    private static readonly Dictionary<string, Func<string, JinjaArguments, object?>> Methods = new(StringComparer.Ordinal)
    {
        ["strip"] = (text, a) => Strip(text, a, left: true, right: true),
        ["lstrip"] = (text, a) => Strip(text, a, left: true, right: false),
        ["rstrip"] = (text, a) => Strip(text, a, left: false, right: true),
        ["upper"] = (text, _) => text.ToUpperInvariant(),
        ["lower"] = (text, _) => text.ToLowerInvariant(),
        ["casefold"] = (text, _) => text.ToLowerInvariant(),
        ["title"] = (text, _) => Title(text),
        ["capitalize"] = (text, _) => Capitalize(text),
        ["swapcase"] = (text, _) => string.Concat(text.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))),
        ["split"] = (text, a) => Split(text, a, fromRight: false),
        ["rsplit"] = (text, a) => Split(text, a, fromRight: true),
        ["splitlines"] = (text, a) => Lines(text, a.Flag(0, "keepends", false)),
        ["partition"] = (text, a) => Partition(text, text.IndexOf(a.Text(0, "sep"), StringComparison.Ordinal), a),
        ["rpartition"] = (text, a) => Partition(text, text.LastIndexOf(a.Text(0, "sep"), StringComparison.Ordinal), a, fromRight: true),
        ["startswith"] = (text, a) => AnyOf(a, part => text.StartsWith(part, StringComparison.Ordinal)),
        ["endswith"] = (text, a) => AnyOf(a, part => text.EndsWith(part, StringComparison.Ordinal)),
        ["removeprefix"] = (text, a) => text.StartsWith(a.Text(0, "prefix"), StringComparison.Ordinal) ? text[a.Text(0, "prefix").Length..] : text,
        ["removesuffix"] = (text, a) => text.EndsWith(a.Text(0, "suffix"), StringComparison.Ordinal) ? text[..^a.Text(0, "suffix").Length] : text,
        ["replace"] = (text, a) => Replace(text, a.Text(0, "old"), a.Text(1, "new"), a.Integer(2, "count", -1)),
        ["find"] = (text, a) => Position(text, text.IndexOf(a.Text(0, "sub"), StringComparison.Ordinal)),
        ["rfind"] = (text, a) => Position(text, text.LastIndexOf(a.Text(0, "sub"), StringComparison.Ordinal)),
        ["index"] = (text, a) => Found(Position(text, text.IndexOf(a.Text(0, "sub"), StringComparison.Ordinal))),
        ["rindex"] = (text, a) => Found(Position(text, text.LastIndexOf(a.Text(0, "sub"), StringComparison.Ordinal))),
        ["count"] = (text, a) => Count(text, a.Text(0, "sub")),
        ["join"] = (text, a) => string.Join(text, JinjaValues.Items(a.Require(0, "iterable")).Select(
            item => item as string ?? throw new JinjaException($"'join' of a string needs strings, and {JinjaValues.TypeName(item)} is there"))),
        ["format"] = JinjaFormat.Braces,
        ["zfill"] = (text, a) => ZeroFill(text, Width(a)),
        ["ljust"] = (text, a) => text.PadRight(Width(a), Fill(a)),
        ["rjust"] = (text, a) => text.PadLeft(Width(a), Fill(a)),
        ["center"] = (text, a) => Center(text, Width(a), Fill(a)),
        ["expandtabs"] = (text, _) => text.Replace("\t", "        ", StringComparison.Ordinal),
        ["isdigit"] = (text, _) => text.Length > 0 && text.All(char.IsDigit),
        ["isnumeric"] = (text, _) => text.Length > 0 && text.All(char.IsNumber),
        ["isalpha"] = (text, _) => text.Length > 0 && text.EnumerateRunes().All(Rune.IsLetter),
        ["isalnum"] = (text, _) => text.Length > 0 && text.EnumerateRunes().All(Rune.IsLetterOrDigit),
        ["isspace"] = (text, _) => text.Length > 0 && text.All(char.IsWhiteSpace),
        ["isupper"] = (text, _) => text.Any(char.IsUpper) && !text.Any(char.IsLower),
        ["islower"] = (text, _) => text.Any(char.IsLower) && !text.Any(char.IsUpper),
    };

    /// <summary>The method of a string, bound to it, or null.</summary>
    public static JinjaFunction? Find(string text, string name) =>
        Methods.TryGetValue(name, out Func<string, JinjaArguments, object?>? method)
            ? new JinjaFunction(name, arguments => method(text, arguments))
            : null;

    public static string Capitalize(string text) =>
        text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    public static string Title(string text)
    {
        StringBuilder result = new(text.Length);
        bool inWord = false;
        foreach (char c in text)
        {
            result.Append(inWord ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            inWord = char.IsLetter(c);
        }

        return result.ToString();
    }

    public static string Replace(string text, string old, string with, long count)
    {
        if (count < 0)
            return old.Length == 0
                ? with + string.Concat(text.EnumerateRunes().Select(rune => rune + with))
                : text.Replace(old, with, StringComparison.Ordinal);
        StringBuilder result = new();
        int at = 0;
        for (long i = 0; i < count; i++)
        {
            int found = text.IndexOf(old, at, StringComparison.Ordinal);
            if (found < 0 || old.Length == 0)
                break;
            result.Append(text, at, found - at).Append(with);
            at = found + old.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    public static string Center(string text, int width, char fill)
    {
        int missing = width - text.Length;
        if (missing <= 0)
            return text;
        // Python puts the odd one left where the width is odd too.
        int left = missing / 2 + (missing & width & 1);
        return new string(fill, left) + text + new string(fill, missing - left);
    }

    public static JinjaList Lines(string text, bool keepEnds)
    {
        List<object?> lines = [];
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029'))
                continue;
            int end = i;
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                i++;
            lines.Add(text[start..(keepEnds ? i + 1 : end)]);
            start = i + 1;
        }

        if (start < text.Length)
            lines.Add(text[start..]);
        return new JinjaList(lines);
    }

    public static string Trim(string text, string? characters, bool left = true, bool right = true)
    {
        char[]? set = characters?.ToCharArray();
        if (left)
            text = set is null ? text.TrimStart() : text.TrimStart(set);
        if (right)
            text = set is null ? text.TrimEnd() : text.TrimEnd(set);
        return text;
    }

    private static string Strip(string text, JinjaArguments arguments, bool left, bool right)
    {
        arguments.AtMost(1, "chars");
        string? characters = arguments.Get(0, "chars") is null ? null : arguments.Text(0, "chars");
        // An empty set of characters strips nothing, while an empty .NET array would mean white space.
        return characters is "" ? text : Trim(text, characters, left, right);
    }

    private static JinjaList Split(string text, JinjaArguments arguments, bool fromRight)
    {
        arguments.AtMost(2, "sep", "maxsplit");
        object? separator = arguments.Get(0, "sep");
        long most = arguments.Integer(1, "maxsplit", -1);
        if (most < 0)
            most = long.MaxValue;
        List<object?> parts = [];
        if (separator is null)
            return SplitWhiteSpace(text, most, fromRight);
        string by = arguments.Text(0, "sep");
        if (by.Length == 0)
            throw new JinjaException("the separator of 'split' is empty");
        string rest = text;
        while (parts.Count < most)
        {
            int at = fromRight ? rest.LastIndexOf(by, StringComparison.Ordinal) : rest.IndexOf(by, StringComparison.Ordinal);
            if (at < 0)
                break;
            parts.Add(fromRight ? rest[(at + by.Length)..] : rest[..at]);
            rest = fromRight ? rest[..at] : rest[(at + by.Length)..];
        }

        parts.Add(rest);
        if (fromRight)
            parts.Reverse();
        return new JinjaList(parts);
    }

    private static JinjaList SplitWhiteSpace(string text, long most, bool fromRight)
    {
        List<object?> parts = [];
        string rest = text.Trim();
        while (rest.Length > 0)
        {
            int at = parts.Count >= most ? -1
                : fromRight ? LastWhiteSpace(rest)
                : FirstWhiteSpace(rest);
            if (at < 0)
            {
                parts.Add(rest);
                break;
            }

            parts.Add(fromRight ? rest[(at + 1)..] : rest[..at]);
            rest = fromRight ? rest[..at].TrimEnd() : rest[at..].TrimStart();
        }

        if (fromRight)
            parts.Reverse();
        return new JinjaList(parts);
    }

    private static int FirstWhiteSpace(string text)
    {
        for (int i = 0; i < text.Length; i++)
            if (char.IsWhiteSpace(text[i]))
                return i;
        return -1;
    }

    private static int LastWhiteSpace(string text)
    {
        for (int i = text.Length - 1; i >= 0; i--)
            if (char.IsWhiteSpace(text[i]))
                return i;
        return -1;
    }

    private static JinjaList Partition(string text, int at, JinjaArguments arguments, bool fromRight = false)
    {
        string separator = arguments.Text(0, "sep");
        if (at >= 0)
            return new JinjaList([text[..at], separator, text[(at + separator.Length)..]], isTuple: true);
        return new JinjaList(fromRight ? ["", "", text] : [text, "", ""], isTuple: true);
    }

    private static bool AnyOf(JinjaArguments arguments, Func<string, bool> matches) => arguments.Require(0, "prefix") switch
    {
        string part => matches(part),
        JinjaList { IsTuple: true } parts => parts.Items.OfType<string>().Any(matches),
        var other => throw JinjaValues.Misuse(other) ?? new JinjaException(
            $"'{arguments.Callee}' needs a string or a tuple of strings, and {JinjaValues.TypeName(other)} is there"),
    };

    // Positions count characters, not UTF-16 units.
    private static long Position(string text, int at) =>
        at < 0 ? -1 : at - text.Take(at).Count(char.IsLowSurrogate);

    private static long Found(long position) => position >= 0 ? position : throw new JinjaException("the part that 'index' looks for is not in the string");

    private static long Count(string text, string part) =>
        part.Length == 0 ? text.Length + 1 : (text.Length - text.Replace(part, "", StringComparison.Ordinal).Length) / part.Length;

    private static string ZeroFill(string text, int width) =>
        text.Length > 0 && text[0] is '-' or '+' ? text[0] + text[1..].PadLeft(width - 1, '0') : text.PadLeft(width, '0');

    private static int Width(JinjaArguments arguments) =>
        (int)Math.Clamp(arguments.Require(0, "width") as long? ?? throw new JinjaException($"the width of '{arguments.Callee}' is not a whole number"), 0, 10_000);

    private static char Fill(JinjaArguments arguments) =>
        arguments.Text(1, "fillchar", " ") is { Length: 1 } fill ? fill[0] : throw new JinjaException($"the fill of '{arguments.Callee}' is not one character");
}
