namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>An expression of a template; <paramref name="Line"/> is where errors say it stands.</summary>
internal abstract record JinjaExpression(int Line);

internal sealed record LiteralExpression(int Line, object? Value) : JinjaExpression(Line);

internal sealed record NameExpression(int Line, string Name) : JinjaExpression(Line);

internal sealed record ListExpression(int Line, IReadOnlyList<JinjaExpression> Items, bool IsTuple) : JinjaExpression(Line);

internal sealed record DictionaryExpression(int Line, IReadOnlyList<(JinjaExpression Key, JinjaExpression Value)> Items)
    : JinjaExpression(Line);

/// <summary><c>not</c>, <c>-</c> and <c>+</c>.</summary>
internal sealed record UnaryExpression(int Line, string Operator, JinjaExpression Operand) : JinjaExpression(Line);

/// <summary>Arithmetic, <c>~</c>, <c>and</c>, <c>or</c>.</summary>
internal sealed record BinaryExpression(int Line, string Operator, JinjaExpression Left, JinjaExpression Right) : JinjaExpression(Line);

/// <summary>A chain of comparisons as in Python: <c>a &lt; b &lt;= c</c> is <c>a &lt; b and b &lt;= c</c>.</summary>
internal sealed record CompareExpression(
    int Line, JinjaExpression First, IReadOnlyList<(string Operator, JinjaExpression Operand)> Rest) : JinjaExpression(Line);

internal sealed record ConditionalExpression(int Line, JinjaExpression Test, JinjaExpression Then, JinjaExpression? Else)
    : JinjaExpression(Line);

internal sealed record AttributeExpression(int Line, JinjaExpression Target, string Name) : JinjaExpression(Line);

internal sealed record SubscriptExpression(int Line, JinjaExpression Target, JinjaExpression Index) : JinjaExpression(Line);

internal sealed record SliceExpression(
    int Line, JinjaExpression Target, JinjaExpression? Start, JinjaExpression? Stop, JinjaExpression? Step) : JinjaExpression(Line);

/// <summary>Arguments as written at a call, a filter or a test.</summary>
internal sealed record ArgumentList(IReadOnlyList<JinjaExpression> Positional, IReadOnlyList<(string Name, JinjaExpression Value)> Named)
{
    public static ArgumentList Empty { get; } = new([], []);
}

internal sealed record CallExpression(int Line, JinjaExpression Target, ArgumentList Arguments) : JinjaExpression(Line);

/// <summary><c>target | name(arguments)</c>; without a target it stands at the head of a filter block.</summary>
internal sealed record FilterExpression(int Line, JinjaExpression? Target, string Name, ArgumentList Arguments) : JinjaExpression(Line);

internal sealed record TestExpression(int Line, JinjaExpression Target, string Name, ArgumentList Arguments, bool Negated)
    : JinjaExpression(Line);

/// <summary>A statement of a template.</summary>
internal abstract record JinjaStatement(int Line);

internal sealed record DataStatement(int Line, string Text) : JinjaStatement(Line);

internal sealed record OutputStatement(int Line, JinjaExpression Value) : JinjaStatement(Line);

internal sealed record IfStatement(
    int Line, IReadOnlyList<(JinjaExpression Test, IReadOnlyList<JinjaStatement> Body)> Branches, IReadOnlyList<JinjaStatement> Else)
    : JinjaStatement(Line);

internal sealed record ForStatement(
    int Line,
    JinjaExpression Target,
    JinjaExpression Items,
    JinjaExpression? Condition,
    bool Recursive,
    IReadOnlyList<JinjaStatement> Body,
    IReadOnlyList<JinjaStatement> Else) : JinjaStatement(Line);

/// <summary><c>set target = value</c>; the target is a name, a tuple of names or an attribute of a namespace.</summary>
internal sealed record SetStatement(int Line, JinjaExpression Target, JinjaExpression Value) : JinjaStatement(Line);

/// <summary><c>set target</c> ... <c>endset</c>: the text of the body, through the filters if there are any.</summary>
internal sealed record SetBlockStatement(
    int Line, JinjaExpression Target, IReadOnlyList<FilterExpression> Filters, IReadOnlyList<JinjaStatement> Body) : JinjaStatement(Line);

internal sealed record MacroParameter(string Name, JinjaExpression? Default);

internal sealed record MacroStatement(
    int Line, string Name, IReadOnlyList<MacroParameter> Parameters, IReadOnlyList<JinjaStatement> Body) : JinjaStatement(Line);

/// <summary><c>call(parameters) macro(...)</c> ... <c>endcall</c>: the body becomes the macro's <c>caller</c>.</summary>
internal sealed record CallBlockStatement(int Line, CallExpression Call, MacroStatement Caller) : JinjaStatement(Line);

internal sealed record FilterBlockStatement(
    int Line, IReadOnlyList<FilterExpression> Filters, IReadOnlyList<JinjaStatement> Body) : JinjaStatement(Line);

internal sealed record WithStatement(
    int Line, IReadOnlyList<(JinjaExpression Target, JinjaExpression Value)> Values, IReadOnlyList<JinjaStatement> Body)
    : JinjaStatement(Line);

/// <summary><c>generation</c> ... <c>endgeneration</c>: what it encloses was written by the assistant (a Hugging Face extension).</summary>
internal sealed record GenerationStatement(int Line, IReadOnlyList<JinjaStatement> Body) : JinjaStatement(Line);

internal sealed record BreakStatement(int Line) : JinjaStatement(Line);

internal sealed record ContinueStatement(int Line) : JinjaStatement(Line);
