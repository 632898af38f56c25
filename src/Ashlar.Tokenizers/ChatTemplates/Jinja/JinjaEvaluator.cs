using System.Text;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>Runs the statements of a template and collects what they write.</summary>
internal sealed class JinjaEvaluator
{
    private const int MaximumCallDepth = 100;
    private const int MaximumOutput = 1 << 26;

    private readonly StringBuilder _root = new();
    private readonly List<(int Start, int End)> _generated = [];
    private StringBuilder _output;
    private int _callDepth;

    private JinjaEvaluator() => _output = _root;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    /// <summary>Renders a template.</summary>
    /// <returns>The text, and where <c>generation</c> blocks wrote.</returns>
    public static (string Text, IReadOnlyList<(int Start, int End)> Generated) Render(IReadOnlyList<JinjaStatement> template, JinjaScope scope)
    {
        JinjaEvaluator evaluator = new();
        evaluator.Run(template, scope);
        return (evaluator._root.ToString(), evaluator._generated);
    }

    private static object? Evaluate(JinjaExpression expression, JinjaScope scope) => JinjaExpressionEvaluator.Evaluate(expression, scope);

    private Flow Run(IReadOnlyList<JinjaStatement> statements, JinjaScope scope)
    {
        foreach (JinjaStatement statement in statements)
        {
            Flow flow;
            try
            {
                flow = Run(statement, scope);
            }
            catch (JinjaException error) when (error.Line == 0)
            {
                error.Line = statement.Line;
                throw;
            }

            if (flow != Flow.Next)
                return flow;
        }

        return Flow.Next;
    }

    private Flow Run(JinjaStatement statement, JinjaScope scope)
    {
        switch (statement)
        {
            case DataStatement data:
                Write(data.Text);
                return Flow.Next;
            case OutputStatement output:
                Write(JinjaValues.ToText(Evaluate(output.Value, scope)));
                return Flow.Next;
            case IfStatement choice:
                foreach ((JinjaExpression test, IReadOnlyList<JinjaStatement> body) in choice.Branches)
                    if (JinjaValues.IsTrue(Evaluate(test, scope)))
                        return Run(body, scope);
                return Run(choice.Else, scope);
            case ForStatement loop:
                return RunLoop(loop, Evaluate(loop.Items, scope), scope, 0);
            case SetStatement set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                return Flow.Next;
            case SetBlockStatement set:
                Assign(set.Target, Filter(Capture(() => Run(set.Body, new JinjaScope(scope))), set.Filters, scope), scope);
                return Flow.Next;
            case MacroStatement macro:
                scope[macro.Name] = BuildMacro(macro, scope);
                return Flow.Next;
            case CallBlockStatement call:
                RunCallBlock(call, scope);
                return Flow.Next;
            case FilterBlockStatement filter:
                Write(JinjaValues.ToText(Filter(Capture(() => Run(filter.Body, new JinjaScope(scope))), filter.Filters, scope)));
                return Flow.Next;
            case WithStatement with:
                JinjaScope inner = new(scope);
                foreach ((JinjaExpression target, JinjaExpression value) in with.Values)
                    Assign(target, Evaluate(value, scope), inner);
                return Run(with.Body, inner);
            case GenerationStatement generation:
                return RunGeneration(generation, scope);
            case BreakStatement:
                return Flow.Break;
            case ContinueStatement:
                return Flow.Continue;
            default:
                throw new InvalidOperationException($"No execution of {statement.GetType().Name}.");
        }
    }

    private Flow RunLoop(ForStatement statement, object? value, JinjaScope scope, int depth)
    {
        List<object?> items = JinjaValues.Items(value);
        if (statement.Condition is { } condition)
        {
            items = items.FindAll(item =>
            {
                JinjaScope probe = new(scope);
                Assign(statement.Target, item, probe);
                return JinjaValues.IsTrue(Evaluate(condition, probe));
            });
        }

        if (items.Count == 0)
            return Run(statement.Else, scope);
        Func<object?, object?>? recurse = statement.Recursive
            ? children => Deeper(() => Capture(() => RunLoop(statement, children, scope, depth + 1)))
            : null;
        JinjaLoop loop = new(items, depth, recurse);
        for (int i = 0; i < items.Count; i++)
        {
            loop.Position = i;
            JinjaScope body = new(scope) { ["loop"] = loop };
            Assign(statement.Target, items[i], body);
            if (Run(statement.Body, body) == Flow.Break)
                break;
        }

        return Flow.Next;
    }

    private Flow RunGeneration(GenerationStatement statement, JinjaScope scope)
    {
        int start = _output.Length;
        Flow flow = Run(statement.Body, scope);
        // Positions inside a macro or a block that is captured first are not positions of the text.
        if (ReferenceEquals(_output, _root))
            _generated.Add((start, _output.Length));
        return flow;
    }

    private JinjaFunction BuildMacro(MacroStatement macro, JinjaScope scope) => new(macro.Name, arguments =>
    {
        arguments.AtMost(macro.Parameters.Count, [.. macro.Parameters.Select(parameter => parameter.Name), "caller"]);
        JinjaScope body = new(scope);
        body["caller"] = arguments.Get(int.MaxValue, "caller", new JinjaUndefined("'caller'"));
        for (int i = 0; i < macro.Parameters.Count; i++)
        {
            MacroParameter parameter = macro.Parameters[i];
            bool given = i < arguments.Positional.Count || arguments.Named.ContainsKey(parameter.Name);
            body[parameter.Name] = given ? arguments.Get(i, parameter.Name)
                : parameter.Default is { } preset ? Evaluate(preset, body)
                : new JinjaUndefined($"parameter '{parameter.Name}' of '{macro.Name}'");
        }

        return Deeper(() => Capture(() => Run(macro.Body, body)));
    });

    private void RunCallBlock(CallBlockStatement statement, JinjaScope scope)
    {
        // The scope of the call sees the body as one more named argument.
        JinjaScope inner = new(scope);
        inner["caller"] = BuildMacro(statement.Caller, scope);
        ArgumentList given = statement.Call.Arguments;
        ArgumentList withCaller = given with { Named = [.. given.Named, ("caller", new NameExpression(statement.Line, "caller"))] };
        object? target = Evaluate(statement.Call.Target, scope);
        Write(JinjaValues.ToText(JinjaExpressionEvaluator.Call(target, withCaller, inner, "the macro of a call block")));
    }

    private static void Assign(JinjaExpression target, object? value, JinjaScope scope)
    {
        switch (target)
        {
            case NameExpression name:
                scope[name.Name] = value;
                break;
            case AttributeExpression { Target: NameExpression owner } attribute:
                if (scope.Find(owner.Name) is not JinjaNamespace space)
                    throw new JinjaException($"'{owner.Name}.{attribute.Name}' can't be assigned to: '{owner.Name}' is not a namespace");
                space.Values[attribute.Name] = value;
                break;
            case ListExpression names:
                List<object?> parts = JinjaValues.Items(value);
                if (parts.Count != names.Items.Count)
                    throw new JinjaException($"{parts.Count} values can't be assigned to {names.Items.Count} names");
                for (int i = 0; i < parts.Count; i++)
                    Assign(names.Items[i], parts[i], scope);
                break;
        }
    }

    private static object? Filter(object? value, IReadOnlyList<FilterExpression> filters, JinjaScope scope)
    {
        foreach (FilterExpression filter in filters)
            value = JinjaFilters.Apply(filter.Name, value, JinjaExpressionEvaluator.Arguments(filter.Name, filter.Arguments, scope));
        return value;
    }

    private string Capture(Action run)
    {
        StringBuilder outer = _output;
        _output = new StringBuilder();
        try
        {
            run();
            return _output.ToString();
        }
        finally
        {
            _output = outer;
        }
    }

    private string Deeper(Func<string> run)
    {
        if (++_callDepth > MaximumCallDepth)
            throw new JinjaException($"macros or recursive loops call each other more than {MaximumCallDepth} deep");
        try
        {
            return run();
        }
        finally
        {
            _callDepth--;
        }
    }

    private void Write(string text)
    {
        if (_output.Length + text.Length > MaximumOutput)
            throw new JinjaException($"the template writes more than {MaximumOutput} characters");
        _output.Append(text);
    }
}
