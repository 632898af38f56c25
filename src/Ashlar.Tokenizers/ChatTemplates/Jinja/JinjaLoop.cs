namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>The <c>loop</c> variable of a for loop, moved from item to item.</summary>
internal sealed class JinjaLoop(IReadOnlyList<object?> items, int depth, Func<object?, object?>? recurse)
{
    private static readonly object NoAttribute = new();

    private JinjaList? _lastChanged;

    /// <summary>Index of the current item, from 0.</summary>
    public int Position { get; set; }

    /// <summary>Runs a recursive loop over other items; null where the loop isn't recursive.</summary>
    public Func<object?, object?>? Recurse => recurse;

    /// <summary>An attribute, for example <c>loop.first</c>.</summary>
    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => Position + 1L,
            "index0" => (long)Position,
            "revindex" => (long)(items.Count - Position),
            "revindex0" => (long)(items.Count - Position - 1),
            "first" => Position == 0,
            "last" => Position == items.Count - 1,
            "length" => (long)items.Count,
            "depth" => depth + 1L,
            "depth0" => (long)depth,
            "previtem" => Position > 0 ? items[Position - 1] : new JinjaUndefined("'loop.previtem' of the first item"),
            "nextitem" => Position + 1 < items.Count ? items[Position + 1] : new JinjaUndefined("'loop.nextitem' of the last item"),
            "cycle" => new JinjaFunction(name, Cycle),
            "changed" => new JinjaFunction(name, Changed),
            _ => NoAttribute,
        };
        return !ReferenceEquals(value, NoAttribute);
    }

    private object? Cycle(JinjaArguments arguments) =>
        arguments.Positional.Count > 0
            ? arguments.Positional[Position % arguments.Positional.Count]
            : throw new JinjaException("'cycle' needs at least one value");

    private object Changed(JinjaArguments arguments)
    {
        JinjaList now = new([.. arguments.Positional]);
        bool changed = _lastChanged is null || !JinjaValues.AreEqual(_lastChanged, now);
        _lastChanged = now;
        return changed;
    }
}
