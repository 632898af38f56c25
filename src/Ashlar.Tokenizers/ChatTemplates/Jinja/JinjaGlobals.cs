namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>Functions that every chat template can call: Jinja2's own and those that Hugging Face's tools add.</summary>
internal static class JinjaGlobals
{
    private const int MaximumRange = 100_000;   // the limit of Jinja2's sandbox

    /// <summary>A scope with the functions in it.</summary>
    public static JinjaScope NewScope(TimeProvider clock) => new(null)
    {
        ["range"] = new JinjaFunction("range", Range),
        ["dict"] = new JinjaFunction("dict", Dictionary),
        ["namespace"] = new JinjaFunction("namespace", Namespace),
        ["raise_exception"] = new JinjaFunction("raise_exception", arguments =>
            throw new JinjaException(JinjaValues.ToText(arguments.Require(0, "message"))) { RaisedByTemplate = true }),
        ["strftime_now"] = new JinjaFunction("strftime_now", arguments => JinjaFormat.Date(arguments.Text(0, "format"), clock.GetLocalNow())),
    };

    private static JinjaList Range(JinjaArguments arguments)
    {
        arguments.AtMost(3);
        bool bounded = arguments.Positional.Count > 1;
        long start = bounded ? Number(0) : 0;
        long stop = Number(bounded ? 1 : 0);
        long step = arguments.Positional.Count > 2 ? Number(2) : 1;
        if (step == 0)
            throw new JinjaException("the step of 'range' is 0");
        double count = Math.Ceiling(((double)stop - start) / step);
        if (count > MaximumRange)
            throw new JinjaException($"'range' of more than {MaximumRange} numbers");
        List<object?> items = [];
        for (long i = 0; i < count; i++)
            items.Add(start + i * step);
        return new JinjaList(items);

        long Number(int index) => arguments.Require(index, "stop") is var value && value is long or bool
            ? JinjaValues.AsInteger(value)
            : throw JinjaValues.Misuse(value) ?? new JinjaException($"'range' needs whole numbers, and {JinjaValues.TypeName(value)} is there");
    }

    private static JinjaDictionary Dictionary(JinjaArguments arguments)
    {
        JinjaDictionary dictionary = new();
        if (arguments.Positional is [JinjaDictionary other, ..])
            foreach ((object key, object? value) in other.Items)
                dictionary.Items[key] = value;
        foreach ((string name, object? value) in arguments.Named)
            dictionary.Items[name] = value;
        return dictionary;
    }

    private static JinjaNamespace Namespace(JinjaArguments arguments)
    {
        JinjaNamespace space = new();
        if (arguments.Positional is [JinjaDictionary other, ..])
            foreach ((object key, object? value) in other.Items)
                space.Values[JinjaValues.ToText(key)] = value;
        foreach ((string name, object? value) in arguments.Named)
            space.Values[name] = value;
        return space;
    }
}
