using System.Globalization;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>What may stand after <c>|</c>: filters of one value. Those of lists are in <see cref="JinjaListFilters"/>.</summary>
internal static class JinjaFilters
{
    private static readonly Dictionary<string, Func<object?, JinjaArguments, object?>> All = new(JinjaListFilters.All, StringComparer.Ordinal)
    {
        ["default"] = Default,
        ["d"] = Default,
        ["tojson"] = ToJson,
        ["string"] = (value, _) => JinjaValues.ToText(value),
        ["safe"] = (value, _) => JinjaValues.ToText(value),
        ["escape"] = (value, _) => Escape(JinjaValues.ToText(value)),
        ["e"] = (value, _) => Escape(JinjaValues.ToText(value)),
        ["trim"] = (value, a) => a.Get(0, "chars") is string characters
            ? JinjaStringMethods.Trim(JinjaValues.ToText(value), characters)
            : JinjaValues.ToText(value).Trim(),
        ["upper"] = (value, _) => JinjaValues.ToText(value).ToUpperInvariant(),
        ["lower"] = (value, _) => JinjaValues.ToText(value).ToLowerInvariant(),
        ["title"] = (value, _) => JinjaStringMethods.Title(JinjaValues.ToText(value)),
        ["capitalize"] = (value, _) => JinjaStringMethods.Capitalize(JinjaValues.ToText(value)),
        ["replace"] = (value, a) => JinjaStringMethods.Replace(
            JinjaValues.ToText(value), a.Text(0, "old"), a.Text(1, "new"), a.Get(2, "count") is long count ? count : -1),
        ["indent"] = Indent,
        ["center"] = (value, a) => JinjaStringMethods.Center(JinjaValues.ToText(value), (int)Math.Min(a.Integer(0, "width", 80), 10_000), ' '),
        ["format"] = (value, a) => JinjaFormat.Percent(JinjaValues.ToText(value), a.Positional),
        ["truncate"] = Truncate,
        ["wordcount"] = (value, _) => (long)JinjaValues.ToText(value).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length,
        ["urlencode"] = (value, _) => Uri.EscapeDataString(JinjaValues.ToText(value)).Replace("%2F", "/", StringComparison.Ordinal),
        ["int"] = (value, a) => ToInteger(value) ?? a.Get(0, "default", 0L),
        ["float"] = (value, a) => ToFloat(value) ?? a.Get(0, "default", 0.0),
        ["abs"] = (value, _) => value switch
        {
            long number => (object)Math.Abs(number),
            double number => Math.Abs(number),
            _ => throw JinjaValues.Misuse(value) ?? new JinjaException($"{JinjaValues.TypeName(value)} has no absolute value"),
        },
        ["round"] = Round,
    };

    public static bool Exists(string name) => All.ContainsKey(name) || JinjaListFilters.NeedsEvaluator(name);

    /// <summary>The value through a filter.</summary>
    public static object? Apply(string name, object? value, JinjaArguments arguments) =>
        JinjaListFilters.NeedsEvaluator(name)
            ? JinjaListFilters.Select(name, value, arguments)
            : All.TryGetValue(name, out Func<object?, JinjaArguments, object?>? filter)
                ? filter(value, arguments)
                : throw new JinjaException($"there is no filter '{name}'");

    private static object? Default(object? value, JinjaArguments arguments)
    {
        arguments.AtMost(2, "default_value", "boolean");
        bool missing = value is JinjaUndefined || arguments.Flag(1, "boolean", false) && !JinjaValues.IsTrue(value);
        return missing ? arguments.Get(0, "default_value", "") : value;
    }

    private static string ToJson(object? value, JinjaArguments arguments)
    {
        // The other arguments of json.dumps only matter where they change something.
        arguments.AtMost(1, "indent", "ensure_ascii", "separators", "sort_keys");
        int? indent = arguments.Get(0, "indent") switch
        {
            null => null,
            long width => (int)Math.Clamp(width, 0, 100),
            var other => throw new JinjaException($"the indent of 'tojson' is {JinjaValues.TypeName(other)}"),
        };
        foreach (string refused in (ReadOnlySpan<string>)["ensure_ascii", "sort_keys"])
            if (JinjaValues.IsTrue(arguments.Get(int.MaxValue, refused)))
                throw new JinjaException($"'tojson' with {refused} is not supported");
        if (arguments.Get(int.MaxValue, "separators") is not null)
            throw new JinjaException("'tojson' with separators is not supported");
        return JinjaJson.Write(value, indent);
    }

    private static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);

    private static string Indent(object? value, JinjaArguments arguments)
    {
        arguments.AtMost(3, "width", "first", "blank");
        string margin = arguments.Get(0, "width", 4L) switch
        {
            string text => text,
            _ => new string(' ', (int)Math.Clamp(arguments.Integer(0, "width", 4), 0, 1000)),
        };
        bool first = arguments.Flag(1, "first", false);
        bool blank = arguments.Flag(2, "blank", false);
        string[] lines = JinjaValues.ToText(value).Split('\n');
        return string.Join('\n', lines.Select((line, i) => i == 0 ? first ? margin + line : line : line.Length > 0 || blank ? margin + line : line));
    }

    private static string Truncate(object? value, JinjaArguments arguments)
    {
        string text = JinjaValues.ToText(value);
        int length = (int)Math.Clamp(arguments.Integer(0, "length", 255), 0, int.MaxValue / 2);
        string end = arguments.Text(2, "end", "...");
        if (text.Length <= length + arguments.Integer(3, "leeway", 5))
            return text;
        string cut = text[..Math.Max(0, length - end.Length)];
        int space = cut.LastIndexOf(' ');
        return (arguments.Flag(1, "killwords", false) || space < 0 ? cut : cut[..space]) + end;
    }

    private static object? ToInteger(object? value) => value switch
    {
        long or bool => JinjaValues.AsInteger(value),
        double number when Math.Abs(number) < 9e18 => (long)number,
        string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) => number,
        string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && Math.Abs(number) < 9e18 => (long)number,
        _ => null,
    };

    private static object? ToFloat(object? value) =>
        value is string text
            ? double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null
            : JinjaValues.AsNumber(value);

    private static object Round(object? value, JinjaArguments arguments)
    {
        arguments.AtMost(2, "precision", "method");
        double number = JinjaValues.AsNumber(value)
            ?? throw JinjaValues.Misuse(value) ?? new JinjaException($"{JinjaValues.TypeName(value)} can't be rounded");
        double scale = Math.Pow(10, arguments.Integer(0, "precision", 0));
        return arguments.Text(1, "method", "common") switch
        {
            "common" => Math.Round(number * scale, MidpointRounding.ToEven) / scale,
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            var other => throw new JinjaException($"the rounding method '{other}' is not common, ceil or floor"),
        };
    }
}
