namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>
/// <c>target.name</c> and <c>target[key]</c>. As in Jinja2, the first looks for a method before an item and the second the
/// other way round. Methods that would change a list or a dictionary are refused, as in its sandbox.
/// </summary>
internal static class JinjaAttributes
{
    private static readonly HashSet<string> Changing = new(StringComparer.Ordinal)
    {
        "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update", "setdefault", "popitem",
    };

    public static object? Attribute(object? target, string name)
    {
        if (FindMethod(target, name) is { } method)
            return method;
        object? value = FindItem(target, name, out bool found);
        return found ? value : Missing(target, name);
    }

    public static object? Item(object? target, object? key)
    {
        switch (target, key)
        {
            case (string or JinjaList, long index):
                return JinjaOperators.ItemAt(target, index);
            case (string or JinjaList, bool flag):
                return JinjaOperators.ItemAt(target, flag ? 1 : 0);
            case (JinjaUndefined, _):
                throw JinjaValues.Misuse(target)!;
        }

        object? value = FindItem(target, key, out bool found);
        if (found)
            return value;
        if (key is string name)
            return (object?)FindMethod(target, name) ?? Missing(target, name);
        return JinjaValues.Misuse(key) is { } misuse ? throw misuse : Missing(target, JinjaValues.ToText(key));
    }

    private static object? FindItem(object? target, object? key, out bool found)
    {
        object? value = null;
        found = target switch
        {
            JinjaDictionary dictionary when key is not null => dictionary.Items.TryGetValue(key, out value),
            JinjaLoop loop when key is string name => loop.TryGet(name, out value),
            JinjaNamespace space when key is string name => space.Values.TryGetValue(name, out value),
            _ => false,
        };
        return value;
    }

    private static JinjaUndefined Missing(object? target, string name) =>
        JinjaValues.Misuse(target) is { } misuse
            ? throw misuse
            : new JinjaUndefined($"'{name}' of {JinjaValues.TypeName(target)}");

    private static JinjaFunction? FindMethod(object? target, string name)
    {
        switch (target)
        {
            case string text:
                return JinjaStringMethods.Find(text, name);
            case JinjaList or JinjaDictionary when Changing.Contains(name) && !(target is JinjaDictionary d && d.Items.ContainsKey(name)):
                return new JinjaFunction(name, _ => throw new JinjaException($"'{name}' would change {JinjaValues.TypeName(target)}, which a chat template may not"));
            case JinjaList list:
                return name switch
                {
                    "index" => new JinjaFunction(name, a => Index(list, a)),
                    "count" => new JinjaFunction(name, a => (long)list.Items.Count(item => JinjaValues.AreEqual(item, a.Require(0, "value")))),
                    "copy" => new JinjaFunction(name, _ => new JinjaList([.. list.Items])),
                    _ => null,
                };
            case JinjaDictionary dictionary:
                return name switch
                {
                    "items" => new JinjaFunction(name, _ => Pairs(dictionary)),
                    "keys" => new JinjaFunction(name, _ => new JinjaList([.. dictionary.Items.Keys])),
                    "values" => new JinjaFunction(name, _ => new JinjaList([.. dictionary.Items.Values])),
                    "get" => new JinjaFunction(name, a => a.Require(0, "key") is { } key && dictionary.Items.TryGetValue(key, out object? value) ? value : a.Get(1, "default")),
                    "copy" => new JinjaFunction(name, _ => Copy(dictionary)),
                    _ => null,
                };
            default:
                return null;
        }
    }

    /// <summary>The items of a dictionary as tuples of key and value.</summary>
    public static JinjaList Pairs(JinjaDictionary dictionary) =>
        new([.. dictionary.Items.Select(item => new JinjaList([item.Key, item.Value], isTuple: true))]);

    private static long Index(JinjaList list, JinjaArguments arguments)
    {
        int at = list.Items.FindIndex(item => JinjaValues.AreEqual(item, arguments.Require(0, "value")));
        return at >= 0 ? at : throw new JinjaException("what 'index' looks for is not in the list");
    }

    private static JinjaDictionary Copy(JinjaDictionary dictionary)
    {
        JinjaDictionary copy = new();
        foreach ((object key, object? value) in dictionary.Items)
            copy.Items[key] = value;
        return copy;
    }
}
