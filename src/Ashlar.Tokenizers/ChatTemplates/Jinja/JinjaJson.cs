using System.Globalization;
using System.Text;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>
/// The <c>tojson</c> filter as chat templates have it: Python's <c>json.dumps</c> with <c>ensure_ascii=False</c>, so
/// with a space after commas and colons and with keys in their own order (Jinja2's own filter would escape HTML and sort).
/// </summary>
internal static class JinjaJson
{
    private const int MaximumDepth = 100;

    /// <summary>JSON text; <paramref name="indent"/> spaces a level on lines of their own, or all on one line.</summary>
    public static string Write(object? value, int? indent)
    {
        StringBuilder text = new();
        Append(text, value, indent, 0);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value, int? indent, int depth)
    {
        if (depth > MaximumDepth)
            throw new JinjaException("a value is nested too deep for JSON");
        switch (value)
        {
            case null:
                text.Append("null");
                break;
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case long number:
                text.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                text.Append(double.IsNaN(number) ? "NaN" : double.IsInfinity(number) ? number > 0 ? "Infinity" : "-Infinity" : JinjaValues.FloatText(number));
                break;
            case string characters:
                AppendString(text, characters);
                break;
            case JinjaList list:
                AppendItems(text, '[', ']', list.Items, indent, depth, item => Append(text, item, indent, depth + 1));
                break;
            case JinjaDictionary dictionary:
                AppendItems(text, '{', '}', [.. dictionary.Items], indent, depth, item =>
                {
                    AppendString(text, item.Key as string ?? Write(item.Key, null));
                    text.Append(": ");
                    Append(text, item.Value, indent, depth + 1);
                });
                break;
            default:
                throw JinjaValues.Misuse(value) ?? new JinjaException($"{JinjaValues.TypeName(value)} can't be written as JSON");
        }
    }

    private static void AppendItems<T>(
        StringBuilder text, char open, char close, IReadOnlyList<T> items, int? indent, int depth, Action<T> append)
    {
        text.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0)
                text.Append(indent is null ? ", " : ",");
            if (indent is { } width)
                text.Append('\n').Append(' ', width * (depth + 1));
            append(items[i]);
        }

        if (indent is { } last && items.Count > 0)
            text.Append('\n').Append(' ', last * depth);
        text.Append(close);
    }

    private static void AppendString(StringBuilder text, string characters)
    {
        text.Append('"');
        foreach (char c in characters)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' => text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }
}
