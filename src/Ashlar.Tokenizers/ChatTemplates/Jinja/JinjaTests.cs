namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>What may stand after <c>is</c>.</summary>
internal static class JinjaTests
{
    private static readonly Dictionary<string, Func<object?, JinjaArguments, bool>> All = new(StringComparer.Ordinal)
    {
        ["defined"] = (value, _) => value is not JinjaUndefined,
        ["undefined"] = (value, _) => value is JinjaUndefined,
        ["none"] = (value, _) => value is null,
        ["boolean"] = (value, _) => value is bool,
        ["true"] = (value, _) => value is true,
        ["false"] = (value, _) => value is false,
        ["string"] = (value, _) => value is string,
        ["number"] = (value, _) => value is long or double or bool,
        ["integer"] = (value, _) => value is long,
        ["float"] = (value, _) => value is double,
        ["mapping"] = (value, _) => value is JinjaDictionary,
        ["sequence"] = (value, _) => value is string or JinjaList or JinjaDictionary or JinjaUndefined,
        ["iterable"] = (value, _) => value is string or JinjaList or JinjaDictionary or JinjaUndefined,
        ["callable"] = (value, _) => value is JinjaFunction,
        ["odd"] = (value, _) => Integer(value) % 2 != 0,
        ["even"] = (value, _) => Integer(value) % 2 == 0,
        ["divisibleby"] = (value, a) => Integer(value) % Divisor(a.Require(0, "num")) == 0,
        ["lower"] = (value, _) => JinjaValues.ToText(value) is var text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
        ["upper"] = (value, _) => JinjaValues.ToText(value) is var text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
        ["in"] = (value, a) => JinjaValues.Contains(a.Require(0, "seq"), value),
        ["sameas"] = (value, a) => a.Require(0, "other") is var other && (ReferenceEquals(value, other) || Equals(value, other)),
        ["filter"] = (value, _) => value is string name && JinjaFilters.Exists(name),
        ["test"] = (value, _) => value is string name && Exists(name),
        ["eq"] = (value, a) => JinjaValues.AreEqual(value, a.Require(0, "other")),
        ["ne"] = (value, a) => !JinjaValues.AreEqual(value, a.Require(0, "other")),
        ["lt"] = (value, a) => JinjaValues.Compare(value, a.Require(0, "other")) < 0,
        ["le"] = (value, a) => JinjaValues.Compare(value, a.Require(0, "other")) <= 0,
        ["gt"] = (value, a) => JinjaValues.Compare(value, a.Require(0, "other")) > 0,
        ["ge"] = (value, a) => JinjaValues.Compare(value, a.Require(0, "other")) >= 0,
    };

    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["equalto"] = "eq",
        ["=="] = "eq",
        ["!="] = "ne",
        ["lessthan"] = "lt",
        ["<"] = "lt",
        ["<="] = "le",
        ["greaterthan"] = "gt",
        [">"] = "gt",
        [">="] = "ge",
    };

    public static bool Exists(string name) => All.ContainsKey(name) || Aliases.ContainsKey(name);

    /// <summary>Whether the value passes the test of that name.</summary>
    public static bool Passes(string name, object? value, JinjaArguments arguments) =>
        All.TryGetValue(Aliases.GetValueOrDefault(name, name), out Func<object?, JinjaArguments, bool>? test)
            ? test(value, arguments)
            : throw new JinjaException($"there is no test '{name}'");

    private static long Integer(object? value) =>
        value is long or bool ? JinjaValues.AsInteger(value) : throw JinjaValues.Misuse(value) ?? new JinjaException($"{JinjaValues.TypeName(value)} is not a whole number");

    private static long Divisor(object? value) =>
        Integer(value) is not 0 and var divisor ? divisor : throw new JinjaException("division by zero");
}
