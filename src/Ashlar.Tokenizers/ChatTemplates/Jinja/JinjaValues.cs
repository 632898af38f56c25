using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>What values are to each other and to the output, by Python's rules, which templates rely on.</summary>
internal static class JinjaValues
{
    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        JinjaList list => list.Items.Count > 0,
        JinjaDictionary dictionary => dictionary.Items.Count > 0,
        _ => true,
    };

    /// <summary>The name of a value's type as an error or a test calls it.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "none",
        JinjaUndefined => "undefined",
        bool => "a boolean",
        long => "a whole number",
        double => "a number",
        string => "a string",
        JinjaList list => list.IsTuple ? "a tuple" : "a list",
        JinjaDictionary => "a dictionary",
        JinjaNamespace => "a namespace",
        JinjaLoop => "the loop variable",
        _ => "a function",
    };

    /// <summary>Text for the output: Python's <c>str()</c>; nothing for an undefined value.</summary>
    public static string ToText(object? value) => value switch
    {
        string text => text,
        JinjaUndefined => "",
        _ => Represent(value),
    };

    /// <summary>Python's <c>repr()</c>.</summary>
    public static string Represent(object? value)
    {
        StringBuilder text = new();
        AppendRepresentation(text, value, 0);
        return text.ToString();
    }

    public static bool AreEqual(object? left, object? right)
    {
        if (AsNumber(left) is { } a && AsNumber(right) is { } b)
            return left is double || right is double ? a == b : AsInteger(left) == AsInteger(right);
        return (left, right) switch
        {
            (null, null) => true,
            (JinjaUndefined, JinjaUndefined) => true,
            (string l, string r) => l == r,
            (JinjaList l, JinjaList r) => l.IsTuple == r.IsTuple && l.Items.Count == r.Items.Count && l.Items.Zip(r.Items, AreEqual).All(same => same),
            (JinjaDictionary l, JinjaDictionary r) => l.Items.Count == r.Items.Count
                && l.Items.All(item => r.Items.TryGetValue(item.Key, out object? other) && AreEqual(item.Value, other)),
            _ => ReferenceEquals(left, right),
        };
    }

    /// <summary>Order of numbers, of strings by code unit, or of lists by their first difference.</summary>
    public static int Compare(object? left, object? right)
    {
        if (AsNumber(left) is { } a && AsNumber(right) is { } b)
            return left is double || right is double ? a.CompareTo(b) : AsInteger(left).CompareTo(AsInteger(right));
        switch (left, right)
        {
            case (string l, string r):
                return string.CompareOrdinal(l, r);
            case (JinjaList l, JinjaList r):
                for (int i = 0; i < Math.Min(l.Items.Count, r.Items.Count); i++)
                    if (!AreEqual(l.Items[i], r.Items[i]))
                        return Compare(l.Items[i], r.Items[i]);
                return l.Items.Count.CompareTo(r.Items.Count);
            default:
                throw Misuse(left) ?? Misuse(right)
                    ?? new JinjaException($"{TypeName(left)} and {TypeName(right)} have no order");
        }
    }

    public static bool Contains(object? container, object? item) => container switch
    {
        string text when item is string part => text.Contains(part, StringComparison.Ordinal),
        string => throw Misuse(item) ?? new JinjaException($"a string can't contain {TypeName(item)}"),
        JinjaList list => list.Items.Exists(other => AreEqual(other, item)),
        JinjaDictionary dictionary => item is not null && dictionary.Items.ContainsKey(item),
        JinjaNamespace space => item is string name && space.Values.ContainsKey(name),
        JinjaUndefined => false,
        _ => throw new JinjaException($"'in' needs a string, a list or a dictionary, and {TypeName(container)} is there"),
    };

    /// <summary>The items that a loop sees: of a string its characters, of a dictionary its keys, of an undefined value none.</summary>
    public static List<object?> Items(object? value) => value switch
    {
        JinjaList list => list.Items,
        JinjaDictionary dictionary => [.. dictionary.Items.Keys],
        string text => [.. text.EnumerateRunes().Select(rune => rune.ToString())],
        JinjaUndefined => [],
        _ => throw new JinjaException($"{TypeName(value)} has no items to go through"),
    };

    /// <summary>The value as a number, or null where it is none; true is 1 as in Python.</summary>
    public static double? AsNumber(object? value) => value switch
    {
        long number => number,
        double number => number,
        bool flag => flag ? 1 : 0,
        _ => null,
    };

    public static long AsInteger(object? value) => value is bool flag ? flag ? 1 : 0 : (long)value!;

    /// <summary>The error of using an undefined value where a value is needed, or null for any other.</summary>
    public static JinjaException? Misuse(object? value) =>
        value is JinjaUndefined undefined ? new JinjaException($"{undefined.Description} is undefined") : null;

    /// <summary>A JSON value as a template value.</summary>
    public static object? FromJson(JsonNode? node)
    {
        switch (node)
        {
            case null:
                return null;
            case JsonArray array:
                return new JinjaList([.. array.Select(FromJson)]);
            case JsonObject members:
                JinjaDictionary dictionary = new();
                foreach ((string name, JsonNode? value) in members)
                    dictionary.Items[name] = FromJson(value);
                return dictionary;
            default:
                JsonValue single = node.AsValue();
                return single.GetValueKind() switch
                {
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.String => single.GetValue<string>(),
                    _ => Number(single.ToJsonString()),
                };
        }
    }

    /// <summary>Python's shortest text of a floating-point number.</summary>
    public static string FloatText(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        double size = Math.Abs(value);
        if (size != 0 && (size >= 1e16 || size < 1e-4))
        {
            string digits = value.ToString("E16", CultureInfo.InvariantCulture);
            string shortest = value.ToString("R", CultureInfo.InvariantCulture);
            // .NET writes 1E+16 and 1E-05 where Python writes 1e+16 and 1e-05.
            if (!shortest.Contains('E'))
                shortest = digits;
            string[] parts = shortest.Split('E');
            int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
            return $"{parts[0]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        string text = value.ToString("R", CultureInfo.InvariantCulture);
        if (text.Contains('E'))
            text = value.ToString("F0", CultureInfo.InvariantCulture);
        return text.Contains('.') ? text : text + ".0";
    }

    private static object Number(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer)
            ? (object)integer
            : double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static void AppendRepresentation(StringBuilder text, object? value, int depth)
    {
        if (depth > 100)
            throw new JinjaException("a value is nested too deep to be written");
        switch (value)
        {
            case null:
                text.Append("None");
                break;
            case bool flag:
                text.Append(flag ? "True" : "False");
                break;
            case long number:
                text.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                text.Append(FloatText(number));
                break;
            case string characters:
                AppendQuoted(text, characters);
                break;
            case JinjaList list:
                text.Append(list.IsTuple ? '(' : '[');
                for (int i = 0; i < list.Items.Count; i++)
                {
                    if (i > 0)
                        text.Append(", ");
                    AppendRepresentation(text, list.Items[i], depth + 1);
                }

                text.Append(list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case JinjaDictionary dictionary:
                text.Append('{');
                int written = 0;
                foreach ((object key, object? item) in dictionary.Items)
                {
                    if (written++ > 0)
                        text.Append(", ");
                    AppendRepresentation(text, key, depth + 1);
                    text.Append(": ");
                    AppendRepresentation(text, item, depth + 1);
                }

                text.Append('}');
                break;
            case JinjaUndefined:
                text.Append("Undefined");
                break;
            case JinjaFunction function:
                text.Append("<function ").Append(function.Name).Append('>');
                break;
            case JinjaLoop:
                text.Append("<LoopContext>");
                break;
            default:
                text.Append("<Namespace>");
                break;
        }
    }

    private static void AppendQuoted(StringBuilder text, string characters)
    {
        char quote = characters.Contains('\'') && !characters.Contains('"') ? '"' : '\'';
        text.Append(quote);
        foreach (char c in characters)
        {
            _ = c switch
            {
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                _ when c == quote => text.Append('\\').Append(c),
                < ' ' or '\x7f' => text.Append("\\x").Append(((int)c).ToString("x2", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }

        text.Append(quote);
    }
}
