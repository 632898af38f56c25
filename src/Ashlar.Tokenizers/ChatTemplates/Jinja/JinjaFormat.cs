using System.Globalization;
using System.Text;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>Python's two ways of putting values into a string: <c>'%s' % value</c> and <c>'{}'.format(value)</c>, and its dates.</summary>
internal static class JinjaFormat
{
    public static string Percent(string format, IReadOnlyList<object?> values)
    {
        StringBuilder text = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }

            int start = ++i;
            while (i < format.Length && format[i] is '-' or '0' or '+' or ' ' or '.' || i < format.Length && char.IsAsciiDigit(format[i]))
                i++;
            if (i >= format.Length)
                throw new JinjaException("a format string ends inside a '%'");
            if (format[i] == '%')
            {
                text.Append('%');
                continue;
            }

            if (next >= values.Count)
                throw new JinjaException("a format string asks for more values than are given");
            text.Append(PercentField(format[start..i], format[i], values[next++]));
        }

        return text.ToString();
    }

    public static string Braces(string format, JinjaArguments arguments)
    {
        StringBuilder text = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            char c = format[i];
            if (c is '{' or '}' && i + 1 < format.Length && format[i + 1] == c)
            {
                text.Append(c);
                i++;
            }
            else if (c == '{')
            {
                int end = format.IndexOf('}', i);
                string field = end < 0 ? throw new JinjaException("a format string has a '{' without '}'") : format[(i + 1)..end];
                object? value = field.Length == 0 ? arguments.Require(next, $"{next++}")
                    : int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? arguments.Require(index, field)
                    : arguments.Named.TryGetValue(field, out object? named) ? named
                    : throw new JinjaException($"the format field '{{{field}}}' is not supported or not given");
                text.Append(JinjaValues.ToText(value));
                i = end;
            }
            else
            {
                text.Append(c);
            }
        }

        return text.ToString();
    }

    /// <summary>Python's <c>strftime</c> in the C locale.</summary>
    public static string Date(string format, DateTimeOffset time)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            // glibc's '-' leaves out the leading zero.
            bool bare = format[++i] == '-' && i + 1 < format.Length;
            char code = bare ? format[++i] : format[i];
            string field = code switch
            {
                'Y' => time.ToString("yyyy", invariant),
                'y' => time.ToString("yy", invariant),
                'm' => time.ToString("MM", invariant),
                'd' => time.ToString("dd", invariant),
                'e' => time.Day.ToString(invariant).PadLeft(2),
                'H' => time.ToString("HH", invariant),
                'I' => time.ToString("hh", invariant),
                'M' => time.ToString("mm", invariant),
                'S' => time.ToString("ss", invariant),
                'f' => time.ToString("ffffff", invariant),
                'p' => time.Hour < 12 ? "AM" : "PM",
                'A' => time.ToString("dddd", invariant),
                'a' => time.ToString("ddd", invariant),
                'B' => time.ToString("MMMM", invariant),
                'b' or 'h' => time.ToString("MMM", invariant),
                'j' => time.DayOfYear.ToString("000", invariant),
                'w' => ((int)time.DayOfWeek).ToString(invariant),
                'F' => time.ToString("yyyy-MM-dd", invariant),
                'T' => time.ToString("HH:mm:ss", invariant),
                'D' => time.ToString("MM/dd/yy", invariant),
                'z' => time.ToString("zzz", invariant).Replace(":", "", StringComparison.Ordinal),
                'Z' => time.Offset == TimeSpan.Zero ? "UTC" : "",
                'n' => "\n",
                't' => "\t",
                '%' => "%",
                _ => throw new JinjaException($"the date format '%{code}' is not supported"),
            };
            string shorter = bare ? field.TrimStart('0', ' ') : field;
            text.Append(bare && shorter.Length == 0 ? "0" : shorter);
        }

        return text.ToString();
    }

    private static string PercentField(string flags, char kind, object? value)
    {
        string body = flags.TrimStart('-', '+', ' ', '0');
        string[] sizes = body.Split('.');
        int? precision = sizes.Length > 1 && int.TryParse(sizes[1], NumberStyles.None, CultureInfo.InvariantCulture, out int digits) ? digits : null;
        int width = int.TryParse(sizes[0], NumberStyles.None, CultureInfo.InvariantCulture, out int wide) ? Math.Min(wide, 1000) : 0;
        string text = kind switch
        {
            's' => JinjaValues.ToText(value),
            'r' => JinjaValues.Represent(value),
            'd' or 'i' when JinjaValues.AsNumber(value) is { } number => Math.Truncate(number).ToString("F0", CultureInfo.InvariantCulture),
            'f' when JinjaValues.AsNumber(value) is { } number => number.ToString("F" + Math.Min(precision ?? 6, 99), CultureInfo.InvariantCulture),
            'x' when value is long number => number.ToString("x", CultureInfo.InvariantCulture),
            _ => throw new JinjaException($"the format '%{flags}{kind}' does not fit {JinjaValues.TypeName(value)}"),
        };
        if (kind == 's' && precision is { } most && text.Length > most)
            text = text[..most];
        if (flags.StartsWith('-'))
            return text.PadRight(width);
        return text.PadLeft(width, flags.StartsWith('0') && kind is not ('s' or 'r') ? '0' : ' ');
    }
}
