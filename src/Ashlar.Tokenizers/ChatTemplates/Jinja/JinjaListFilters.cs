using System.Globalization;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>Filters of lists and dictionaries.</summary>
internal static class JinjaListFilters
{
    /// <summary>Filters by name.</summary>
    public static Dictionary<string, Func<object?, JinjaArguments, object?>> All { get; } = new(StringComparer.Ordinal)
    {
        ["length"] = (value, _) => Length(value),
        ["count"] = (value, _) => Length(value),
        ["first"] = (value, _) => JinjaValues.Items(value) is [var first, ..] ? first : new JinjaUndefined("the first item of nothing"),
        ["last"] = (value, _) => JinjaValues.Items(value) is [.., var last] ? last : new JinjaUndefined("the last item of nothing"),
        ["list"] = (value, _) => new JinjaList([.. JinjaValues.Items(value)]),
        ["join"] = Join,
        ["reverse"] = (value, _) => value is string text
            ? string.Concat(JinjaValues.Items(text).AsEnumerable().Reverse().Cast<string>())
            : new JinjaList([.. JinjaValues.Items(value).AsEnumerable().Reverse()]),
        ["sort"] = Sort,
        ["unique"] = Unique,
        ["min"] = (value, a) => Extreme(value, a, -1),
        ["max"] = (value, a) => Extreme(value, a, 1),
        ["sum"] = Sum,
        ["items"] = (value, _) => value is JinjaUndefined ? new JinjaList([])
            : value is JinjaDictionary dictionary ? JinjaAttributes.Pairs(dictionary)
            : throw new JinjaException($"'items' needs a dictionary, and {JinjaValues.TypeName(value)} is there"),
        ["dictsort"] = DictionarySort,
        ["groupby"] = GroupBy,
        ["batch"] = Batch,
        ["slice"] = SliceInto,
        ["attr"] = (value, a) => JinjaAttributes.Attribute(value, a.Text(0, "name")),
    };

    /// <summary>Filters that apply a test or another filter to each item.</summary>
    public static bool NeedsEvaluator(string name) => name is "map" or "select" or "reject" or "selectattr" or "rejectattr";

    public static object? Select(string name, object? value, JinjaArguments arguments)
    {
        List<object?> items = JinjaValues.Items(value);
        if (name == "map")
            return Map(items, arguments);
        bool byAttribute = name.EndsWith("attr", StringComparison.Ordinal);
        bool keep = name.StartsWith("select", StringComparison.Ordinal);
        string? path = byAttribute ? arguments.Text(0, "attribute") : null;
        int testAt = byAttribute ? 1 : 0;
        string? test = arguments.Positional.Count > testAt ? arguments.Text(testAt, "test") : null;
        JinjaArguments rest = new(test ?? name, [.. arguments.Positional.Skip(testAt + 1)], JinjaArguments.NoNames);
        return new JinjaList([.. items.Where(item =>
        {
            object? subject = path is null ? item : Follow(item, path);
            return (test is null ? JinjaValues.IsTrue(subject) : JinjaTests.Passes(test, subject, rest)) == keep;
        })]);
    }

    private static JinjaList Map(List<object?> items, JinjaArguments arguments)
    {
        if (arguments.Named.ContainsKey("attribute"))
        {
            string path = arguments.Text(int.MaxValue, "attribute");
            object? otherwise = arguments.Get(int.MaxValue, "default");
            bool hasDefault = arguments.Named.ContainsKey("default");
            return new JinjaList([.. items.Select(item => Follow(item, path) is var found && hasDefault && found is JinjaUndefined ? otherwise : found)]);
        }

        string filter = arguments.Text(0, "filter");
        JinjaArguments rest = new(filter, [.. arguments.Positional.Skip(1)], arguments.Named);
        return new JinjaList([.. items.Select(item => JinjaFilters.Apply(filter, item, rest))]);
    }

    /// <summary>An attribute path such as <c>function.name</c> or <c>0</c>.</summary>
    private static object? Follow(object? item, string path)
    {
        foreach (string part in path.Split('.'))
            item = long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out long index)
                ? JinjaAttributes.Item(item, index)
                : JinjaAttributes.Item(item, part);
        return item;
    }

    private static Func<object?, object?> Key(JinjaArguments arguments, int index, bool caseSensitive)
    {
        string? path = arguments.Get(index, "attribute") is null ? null : JinjaValues.ToText(arguments.Get(index, "attribute"));
        return item =>
        {
            object? key = path is null ? item : Follow(item, path);
            return key is string text && !caseSensitive ? text.ToLowerInvariant() : key;
        };
    }

    private static long Length(object? value) => value switch
    {
        string or JinjaList or JinjaDictionary or JinjaUndefined => JinjaValues.Items(value).Count,
        _ => throw new JinjaException($"{JinjaValues.TypeName(value)} has no length"),
    };

    private static string Join(object? value, JinjaArguments arguments)
    {
        arguments.AtMost(2, "d", "attribute");
        IEnumerable<object?> items = JinjaValues.Items(value);
        if (arguments.Get(1, "attribute") is { } path)
            items = items.Select(item => Follow(item, JinjaValues.ToText(path)));
        return string.Join(JinjaValues.ToText(arguments.Get(0, "d", "")), items.Select(JinjaValues.ToText));
    }

    private static JinjaList Sort(object? value, JinjaArguments arguments)
    {
        arguments.AtMost(3, "reverse", "case_sensitive", "attribute");
        Func<object?, object?> key = Key(arguments, 2, arguments.Flag(1, "case_sensitive", false));
        Comparer<object?> order = Comparer<object?>.Create(JinjaValues.Compare);
        IEnumerable<object?> items = JinjaValues.Items(value);
        return new JinjaList([.. arguments.Flag(0, "reverse", false) ? items.OrderByDescending(key, order) : items.OrderBy(key, order)]);
    }

    private static JinjaList Unique(object? value, JinjaArguments arguments)
    {
        Func<object?, object?> key = Key(arguments, 1, arguments.Flag(0, "case_sensitive", false));
        List<object?> seen = [];
        List<object?> kept = [];
        foreach (object? item in JinjaValues.Items(value))
        {
            object? mark = key(item);
            if (seen.Exists(other => JinjaValues.AreEqual(other, mark)))
                continue;
            seen.Add(mark);
            kept.Add(item);
        }

        return new JinjaList(kept);
    }

    private static object? Extreme(object? value, JinjaArguments arguments, int sign)
    {
        Func<object?, object?> key = Key(arguments, 1, arguments.Flag(0, "case_sensitive", false));
        List<object?> items = JinjaValues.Items(value);
        if (items.Count == 0)
            return new JinjaUndefined("the extreme of nothing");
        object? best = items[0];
        foreach (object? item in items)
            if (JinjaValues.Compare(key(item), key(best)) * sign > 0)
                best = item;
        return best;
    }

    private static object? Sum(object? value, JinjaArguments arguments)
    {
        arguments.AtMost(2, "attribute", "start");
        Func<object?, object?> key = Key(arguments, 0, caseSensitive: true);
        return JinjaValues.Items(value).Aggregate(arguments.Get(1, "start", 0L), (sum, item) => JinjaOperators.Arithmetic("+", sum, key(item)));
    }

    private static JinjaList DictionarySort(object? value, JinjaArguments arguments)
    {
        arguments.AtMost(3, "case_sensitive", "by", "reverse");
        if (value is not JinjaDictionary dictionary)
            throw JinjaValues.Misuse(value) ?? new JinjaException($"'dictsort' needs a dictionary, and {JinjaValues.TypeName(value)} is there");
        bool sensitive = arguments.Flag(0, "case_sensitive", false);
        int by = arguments.Text(1, "by", "key") == "value" ? 1 : 0;
        Comparer<object?> order = Comparer<object?>.Create(JinjaValues.Compare);
        Func<object?, object?> key = pair => ((JinjaList)pair!).Items[by] is string text && !sensitive ? text.ToLowerInvariant() : ((JinjaList)pair).Items[by];
        List<object?> pairs = JinjaAttributes.Pairs(dictionary).Items;
        return new JinjaList([.. arguments.Flag(2, "reverse", false) ? pairs.OrderByDescending(key, order) : pairs.OrderBy(key, order)]);
    }

    private static JinjaList GroupBy(object? value, JinjaArguments arguments)
    {
        Func<object?, object?> key = Key(arguments, 0, caseSensitive: true);
        Comparer<object?> order = Comparer<object?>.Create(JinjaValues.Compare);
        List<object?> groups = [];
        foreach (object? item in JinjaValues.Items(value).OrderBy(key, order))
        {
            if (groups.Count > 0 && groups[^1] is JinjaList last && JinjaValues.AreEqual(last.Items[0], key(item)))
                ((JinjaList)last.Items[1]!).Items.Add(item);
            else
                groups.Add(new JinjaList([key(item), new JinjaList([item])], isTuple: true));
        }

        return new JinjaList(groups);
    }

    private static JinjaList Batch(object? value, JinjaArguments arguments)
    {
        int size = (int)Math.Clamp(arguments.Integer(0, "linecount", 1), 1, int.MaxValue);
        List<object?> rows = [.. JinjaValues.Items(value).Chunk(size).Select(row => new JinjaList([.. row]))];
        if (arguments.Get(1, "fill_with") is { } fill && rows.Count > 0)
            while (((JinjaList)rows[^1]!).Items.Count < size)
                ((JinjaList)rows[^1]!).Items.Add(fill);
        return new JinjaList(rows);
    }

    private static JinjaList SliceInto(object? value, JinjaArguments arguments)
    {
        List<object?> items = JinjaValues.Items(value);
        int count = (int)Math.Clamp(arguments.Integer(0, "slices", 1), 1, 10_000);
        (int size, int longer) = Math.DivRem(items.Count, count);
        List<object?> slices = [];
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            int here = size + (i < longer ? 1 : 0);
            List<object?> part = items.GetRange(at, here);
            if (arguments.Get(1, "fill_with") is { } fill && i >= longer && longer > 0)
                part.Add(fill);
            slices.Add(new JinjaList(part));
            at += here;
        }

        return new JinjaList(slices);
    }
}
