namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>Names and their values. A loop, a macro and a <c>with</c> block each open a scope of their own; an <c>if</c> does not.</summary>
internal sealed class JinjaScope(JinjaScope? outer)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public object? this[string name]
    {
        set => _values[name] = value;
    }

    public object? Find(string name)
    {
        for (JinjaScope? scope = this; scope is not null; scope = scope.Outer)
            if (scope._values.TryGetValue(name, out object? value))
                return value;
        return new JinjaUndefined($"'{name}'");
    }

    private JinjaScope? Outer { get; } = outer;
}
