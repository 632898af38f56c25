namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

// A value of a template is null (none), bool, long, double, string, or one of the classes below.

/// <summary>A list, or a tuple, which only looks different when it is written out.</summary>
internal sealed class JinjaList(List<object?> items, bool isTuple = false)
{
    public List<object?> Items => items;

    public bool IsTuple => isTuple;
}

/// <summary>A dictionary in the order of insertion.</summary>
internal sealed class JinjaDictionary
{
    public OrderedDictionary<object, object?> Items { get; } = [];
}

/// <summary>What <c>namespace(...)</c> makes: the only thing whose attributes a template may assign.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);
}

/// <summary>A name or attribute that is not there. It is false and empty; to use it otherwise is an error that names it.</summary>
internal sealed record JinjaUndefined(string Description);

/// <summary>Something that can be called.</summary>
internal sealed class JinjaFunction(string name, Func<JinjaArguments, object?> call)
{
    public string Name => name;

    public Func<JinjaArguments, object?> Call => call;
}

/// <summary>Evaluated arguments of a call, a filter or a test.</summary>
internal sealed class JinjaArguments(string callee, IReadOnlyList<object?> positional, IReadOnlyDictionary<string, object?> named)
{
    public static IReadOnlyDictionary<string, object?> NoNames { get; } = new Dictionary<string, object?>();

    public string Callee => callee;

    public IReadOnlyList<object?> Positional => positional;

    public IReadOnlyDictionary<string, object?> Named => named;

    /// <summary>The argument at a position or of a name, or <paramref name="otherwise"/>.</summary>
    public object? Get(int index, string name, object? otherwise = null) =>
        index < positional.Count ? positional[index]
        : named.TryGetValue(name, out object? value) ? value
        : otherwise;

    /// <summary>An argument that must be given.</summary>
    public object? Require(int index, string name) =>
        index < positional.Count || named.ContainsKey(name)
            ? Get(index, name)
            : throw new JinjaException($"'{callee}' needs the argument '{name}'");

    public string Text(int index, string name, string? otherwise = null) =>
        (otherwise is null ? Require(index, name) : Get(index, name, otherwise)) as string
        ?? throw new JinjaException($"the argument '{name}' of '{callee}' is not a string");

    public long Integer(int index, string name, long otherwise) => Get(index, name, otherwise) switch
    {
        long value => value,
        bool value => value ? 1 : 0,
        _ => throw new JinjaException($"the argument '{name}' of '{callee}' is not a whole number"),
    };

    public bool Flag(int index, string name, bool otherwise) => JinjaValues.IsTrue(Get(index, name, otherwise));

    /// <summary>Refuses arguments that nothing would read, so that a misspelt one is found.</summary>
    public void AtMost(int count, params ReadOnlySpan<string> names)
    {
        if (positional.Count > count)
            throw new JinjaException($"'{callee}' takes at most {count} arguments, and {positional.Count} are given");
        foreach (string name in named.Keys)
            if (!names.Contains(name))
                throw new JinjaException($"'{callee}' has no argument '{name}'");
    }
}
