using System.Runtime.CompilerServices;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>Values of expressions.</summary>
internal static class JinjaExpressionEvaluator
{
    /// <summary>The value of an expression in a scope.</summary>
    /// <exception cref="JinjaException">It has none; the exception knows the line.</exception>
    public static object? Evaluate(JinjaExpression expression, JinjaScope scope)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        try
        {
            return EvaluateNode(expression, scope);
        }
        catch (JinjaException error) when (error.Line == 0)
        {
            error.Line = expression.Line;
            throw;
        }
    }

    /// <summary>The arguments of a call, a filter or a test.</summary>
    public static JinjaArguments Arguments(string callee, ArgumentList list, JinjaScope scope) => new(
        callee,
        [.. list.Positional.Select(argument => Evaluate(argument, scope))],
        list.Named.ToDictionary(argument => argument.Name, argument => Evaluate(argument.Value, scope), StringComparer.Ordinal));

    /// <summary>Calls a macro, method or function.</summary>
    public static object? Call(object? target, ArgumentList list, JinjaScope scope, string described)
    {
        switch (target)
        {
            case JinjaFunction function:
                return function.Call(Arguments(function.Name, list, scope));
            case JinjaLoop { Recurse: { } recurse }:
                return recurse(Arguments("loop", list, scope).Require(0, "iterable"));
            case JinjaLoop:
                throw new JinjaException("'loop' is called in a loop that is not recursive");
            default:
                throw JinjaValues.Misuse(target) ?? new JinjaException($"{described} is {JinjaValues.TypeName(target)} and can't be called");
        }
    }

    private static object? EvaluateNode(JinjaExpression expression, JinjaScope scope)
    {
        switch (expression)
        {
            case LiteralExpression literal:
                return literal.Value;
            case NameExpression name:
                return scope.Find(name.Name);
            case ListExpression list:
                return new JinjaList([.. list.Items.Select(item => Evaluate(item, scope))], list.IsTuple);
            case DictionaryExpression dictionary:
                return BuildDictionary(dictionary, scope);
            case UnaryExpression { Operator: "not" } not:
                return !JinjaValues.IsTrue(Evaluate(not.Operand, scope));
            case UnaryExpression sign:
                return JinjaOperators.Negate(Evaluate(sign.Operand, scope), sign.Operator);
            case BinaryExpression { Operator: "and" } and:
                return Evaluate(and.Left, scope) is var left && JinjaValues.IsTrue(left) ? Evaluate(and.Right, scope) : left;
            case BinaryExpression { Operator: "or" } or:
                return Evaluate(or.Left, scope) is var first && JinjaValues.IsTrue(first) ? first : Evaluate(or.Right, scope);
            case BinaryExpression binary:
                return JinjaOperators.Arithmetic(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope));
            case CompareExpression comparison:
                return Compare(comparison, scope);
            case ConditionalExpression conditional:
                if (JinjaValues.IsTrue(Evaluate(conditional.Test, scope)))
                    return Evaluate(conditional.Then, scope);
                return conditional.Else is null ? new JinjaUndefined("the 'if' without 'else' whose test fails") : Evaluate(conditional.Else, scope);
            case AttributeExpression attribute:
                return JinjaAttributes.Attribute(Evaluate(attribute.Target, scope), attribute.Name);
            case SubscriptExpression subscript:
                return JinjaAttributes.Item(Evaluate(subscript.Target, scope), Evaluate(subscript.Index, scope));
            case SliceExpression slice:
                return JinjaOperators.Slice(
                    Evaluate(slice.Target, scope), Bound(slice.Start, scope), Bound(slice.Stop, scope), Bound(slice.Step, scope));
            case CallExpression call:
                return Call(Evaluate(call.Target, scope), call.Arguments, scope, Describe(call.Target));
            case FilterExpression filter:
                return JinjaFilters.Apply(filter.Name, Evaluate(filter.Target!, scope), Arguments(filter.Name, filter.Arguments, scope));
            case TestExpression test:
                return JinjaTests.Passes(test.Name, Evaluate(test.Target, scope), Arguments(test.Name, test.Arguments, scope)) != test.Negated;
            default:
                throw new InvalidOperationException($"No evaluation of {expression.GetType().Name}.");
        }
    }

    private static JinjaDictionary BuildDictionary(DictionaryExpression expression, JinjaScope scope)
    {
        JinjaDictionary dictionary = new();
        foreach ((JinjaExpression key, JinjaExpression value) in expression.Items)
        {
            object? name = Evaluate(key, scope);
            if (name is not (string or long or double or bool))
                throw JinjaValues.Misuse(name) ?? new JinjaException($"{JinjaValues.TypeName(name)} can't be the key of a dictionary");
            dictionary.Items[name] = Evaluate(value, scope);
        }

        return dictionary;
    }

    private static bool Compare(CompareExpression comparison, JinjaScope scope)
    {
        object? left = Evaluate(comparison.First, scope);
        foreach ((string operation, JinjaExpression operand) in comparison.Rest)
        {
            object? right = Evaluate(operand, scope);
            bool holds = operation switch
            {
                "==" => JinjaValues.AreEqual(left, right),
                "!=" => !JinjaValues.AreEqual(left, right),
                "<" => JinjaValues.Compare(left, right) < 0,
                "<=" => JinjaValues.Compare(left, right) <= 0,
                ">" => JinjaValues.Compare(left, right) > 0,
                ">=" => JinjaValues.Compare(left, right) >= 0,
                "in" => JinjaValues.Contains(right, left),
                _ => !JinjaValues.Contains(right, left),
            };
            if (!holds)
                return false;
            left = right;
        }

        return true;
    }

    private static long? Bound(JinjaExpression? bound, JinjaScope scope) => bound is null ? null : Evaluate(bound, scope) switch
    {
        null => null,
        long value => value,
        var other => throw JinjaValues.Misuse(other) ?? new JinjaException($"the bound of a slice is {JinjaValues.TypeName(other)}"),
    };

    private static string Describe(JinjaExpression expression) => expression switch
    {
        NameExpression name => $"'{name.Name}'",
        AttributeExpression attribute => $"'{attribute.Name}'",
        _ => "the value before '('",
    };
}
