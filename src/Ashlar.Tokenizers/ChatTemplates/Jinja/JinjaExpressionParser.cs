using System.Globalization;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>
/// Expressions by Jinja2's precedence, loosest first: conditional, <c>or</c>, <c>and</c>, <c>not</c>, comparison,
/// <c>+ -</c>, <c>~</c>, <c>* / // %</c>, <c>**</c>, sign, then attributes, subscripts, calls, filters and tests.
/// </summary>
internal sealed class JinjaExpressionParser(JinjaTokenStream stream)
{
    private static readonly string[] ComparisonOperators = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>An expression; <paramref name="conditional"/> false leaves a following <c>if</c> to the statement.</summary>
    public JinjaExpression Parse(bool conditional = true) =>
        stream.Deeper(() => conditional ? ParseConditional() : ParseOr());

    /// <summary>An expression, or several with commas between them, which make a tuple.</summary>
    public JinjaExpression ParseTuple(bool conditional = true)
    {
        int line = stream.Line;
        JinjaExpression first = Parse(conditional);
        if (!stream.Current.IsOperator(","))
            return first;
        List<JinjaExpression> items = [first];
        while (stream.SkipOperator(",") && !AtTupleEnd())
            items.Add(Parse(conditional));
        return new ListExpression(line, items, IsTuple: true);
    }

    /// <summary>What may stand left of <c>in</c> or <c>=</c>: names, tuples of names, and attributes where allowed.</summary>
    public JinjaExpression ParseTarget(bool allowAttribute)
    {
        int line = stream.Line;
        List<JinjaExpression> items = [ParseSingleTarget(allowAttribute)];
        bool tuple = false;
        while (stream.SkipOperator(","))
        {
            tuple = true;
            if (stream.Current.Kind == JinjaTokenKind.Name && !stream.Current.IsName("in"))
                items.Add(ParseSingleTarget(allowAttribute: false));
        }

        return tuple ? new ListExpression(line, items, IsTuple: true) : items[0];
    }

    /// <summary>Arguments between parentheses; the opening one is the current token.</summary>
    public ArgumentList ParseArguments()
    {
        stream.ExpectOperator("(");
        List<JinjaExpression> positional = [];
        List<(string, JinjaExpression)> named = [];
        while (!stream.SkipOperator(")"))
        {
            if (positional.Count + named.Count > 0)
            {
                stream.ExpectOperator(",");
                if (stream.SkipOperator(")"))
                    break;
            }

            if (stream.Current.IsOperator("*") || stream.Current.IsOperator("**"))
                throw new JinjaException("arguments with '*' or '**' are not supported", stream.Line);
            if (stream.Current.Kind == JinjaTokenKind.Name && stream.Peek().IsOperator("="))
            {
                string name = stream.Next().Text;
                stream.Next();
                named.Add((name, Parse()));
            }
            else if (named.Count > 0)
            {
                throw new JinjaException("a positional argument follows a named one", stream.Line);
            }
            else
            {
                positional.Add(Parse());
            }
        }

        return new ArgumentList(positional, named);
    }

    /// <summary>The filters at the head of a block: <c>name(arguments) | name ...</c>, without a target.</summary>
    public List<FilterExpression> ParseFilterChain()
    {
        List<FilterExpression> filters = [];
        do
            filters.Add(ParseFilter(null));
        while (stream.SkipOperator("|"));
        return filters;
    }

    private bool AtTupleEnd() =>
        stream.Current.Kind is JinjaTokenKind.BlockEnd or JinjaTokenKind.OutputEnd
        || stream.Current.IsOperator(")") || stream.Current.IsName("in");

    private JinjaExpression ParseSingleTarget(bool allowAttribute)
    {
        int line = stream.Line;
        if (stream.SkipOperator("("))
        {
            JinjaExpression inner = ParseTarget(allowAttribute: false);
            stream.ExpectOperator(")");
            return inner;
        }

        string name = stream.ExpectAnyName("a name to assign to");
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
            throw new JinjaException($"'{name}' can't be assigned to", line);
        if (allowAttribute && stream.SkipOperator("."))
            return new AttributeExpression(line, new NameExpression(line, name), stream.ExpectAnyName("an attribute name"));
        return new NameExpression(line, name);
    }

    private JinjaExpression ParseConditional()
    {
        int line = stream.Line;
        JinjaExpression value = ParseOr();
        while (stream.SkipName("if"))
        {
            JinjaExpression test = ParseOr();
            JinjaExpression? otherwise = stream.SkipName("else") ? stream.Deeper(ParseConditional) : null;
            value = new ConditionalExpression(line, test, value, otherwise);
        }

        return value;
    }

    private JinjaExpression ParseOr()
    {
        int line = stream.Line;
        JinjaExpression left = ParseAnd();
        while (stream.SkipName("or"))
            left = new BinaryExpression(line, "or", left, ParseAnd());
        return left;
    }

    private JinjaExpression ParseAnd()
    {
        int line = stream.Line;
        JinjaExpression left = ParseNot();
        while (stream.SkipName("and"))
            left = new BinaryExpression(line, "and", left, ParseNot());
        return left;
    }

    private JinjaExpression ParseNot()
    {
        int line = stream.Line;
        if (stream.Current.IsName("not") && !stream.Peek().IsName("in"))
        {
            stream.Next();
            return new UnaryExpression(line, "not", stream.Deeper(ParseNot));
        }

        return ParseComparison();
    }

    private JinjaExpression ParseComparison()
    {
        int line = stream.Line;
        JinjaExpression first = ParseSum();
        List<(string, JinjaExpression)> rest = [];
        while (true)
        {
            if (stream.Current.Kind == JinjaTokenKind.Operator && ComparisonOperators.Contains(stream.Current.Text))
            {
                string text = stream.Next().Text;
                rest.Add((text, ParseSum()));
            }
            else if (stream.SkipName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (stream.Current.IsName("not") && stream.Peek().IsName("in"))
            {
                stream.Next();
                stream.Next();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new CompareExpression(line, first, rest);
            }
        }
    }

    private JinjaExpression ParseSum() => ParseLeftToRight(ParseConcatenation, "+", "-");

    private JinjaExpression ParseConcatenation() => ParseLeftToRight(ParseProduct, "~");

    private JinjaExpression ParseProduct() => ParseLeftToRight(ParsePower, "*", "/", "//", "%");

    private JinjaExpression ParsePower() => ParseLeftToRight(() => ParseSigned(withFilters: true), "**");

    private JinjaExpression ParseLeftToRight(Func<JinjaExpression> operand, params ReadOnlySpan<string> operators)
    {
        int line = stream.Line;
        JinjaExpression left = operand();
        while (stream.Current.Kind == JinjaTokenKind.Operator && operators.Contains(stream.Current.Text))
            left = new BinaryExpression(line, stream.Next().Text, left, operand());
        return left;
    }

    private JinjaExpression ParseSigned(bool withFilters)
    {
        int line = stream.Line;
        JinjaExpression value;
        if (stream.Current.IsOperator("-") || stream.Current.IsOperator("+"))
        {
            string sign = stream.Next().Text;
            value = new UnaryExpression(line, sign, stream.Deeper(() => ParseSigned(withFilters: false)));
        }
        else
        {
            value = ParsePostfix(ParsePrimary());
        }

        return withFilters ? ParseFiltersAndTests(value) : value;
    }

    private JinjaExpression ParsePrimary()
    {
        JinjaToken token = stream.Next();
        switch (token.Kind)
        {
            case JinjaTokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new LiteralExpression(token.Line, true),
                    "false" or "False" => new LiteralExpression(token.Line, false),
                    "none" or "None" => new LiteralExpression(token.Line, null),
                    _ => new NameExpression(token.Line, token.Text),
                };
            case JinjaTokenKind.String:
                string text = token.Text;
                while (stream.Current.Kind == JinjaTokenKind.String)
                    text += stream.Next().Text;
                return new LiteralExpression(token.Line, text);
            case JinjaTokenKind.Integer:
                return long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out long integer)
                    ? new LiteralExpression(token.Line, integer)
                    : throw new JinjaException($"the number {token.Text} does not fit 64 bits", token.Line);
            case JinjaTokenKind.Float:
                return new LiteralExpression(token.Line, double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture));
            case JinjaTokenKind.Operator when token.Text == "(":
                return ParseParenthesised(token.Line);
            case JinjaTokenKind.Operator when token.Text == "[":
                return new ListExpression(token.Line, ParseItems("]"), IsTuple: false);
            case JinjaTokenKind.Operator when token.Text == "{":
                return ParseDictionary(token.Line);
            default:
                throw new JinjaException($"a value was expected, and {token.Describe()} is there", token.Line);
        }
    }

    private JinjaExpression ParseParenthesised(int line)
    {
        if (stream.SkipOperator(")"))
            return new ListExpression(line, [], IsTuple: true);
        JinjaExpression inner = ParseTuple();
        stream.ExpectOperator(")");
        return inner;
    }

    private List<JinjaExpression> ParseItems(string closing)
    {
        List<JinjaExpression> items = [];
        while (!stream.SkipOperator(closing))
        {
            if (items.Count > 0)
            {
                stream.ExpectOperator(",");
                if (stream.SkipOperator(closing))
                    break;
            }

            items.Add(Parse());
        }

        return items;
    }

    private DictionaryExpression ParseDictionary(int line)
    {
        List<(JinjaExpression, JinjaExpression)> items = [];
        while (!stream.SkipOperator("}"))
        {
            if (items.Count > 0)
            {
                stream.ExpectOperator(",");
                if (stream.SkipOperator("}"))
                    break;
            }

            JinjaExpression key = Parse();
            stream.ExpectOperator(":");
            items.Add((key, Parse()));
        }

        return new DictionaryExpression(line, items);
    }

    private JinjaExpression ParsePostfix(JinjaExpression value)
    {
        while (true)
        {
            int line = stream.Line;
            if (stream.SkipOperator("."))
            {
                JinjaToken name = stream.Next();
                value = name.Kind switch
                {
                    JinjaTokenKind.Name => new AttributeExpression(line, value, name.Text),
                    JinjaTokenKind.Integer => new SubscriptExpression(
                        line, value, new LiteralExpression(line, long.Parse(name.Text, CultureInfo.InvariantCulture))),
                    _ => throw new JinjaException($"a name was expected after '.', and {name.Describe()} is there", name.Line),
                };
            }
            else if (stream.SkipOperator("["))
            {
                value = ParseSubscript(line, value);
            }
            else if (stream.Current.IsOperator("("))
            {
                value = new CallExpression(line, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression ParseSubscript(int line, JinjaExpression target)
    {
        JinjaExpression? start = stream.Current.IsOperator(":") ? null : Parse();
        if (stream.SkipOperator("]"))
            return new SubscriptExpression(line, target, start!);
        stream.ExpectOperator(":");
        JinjaExpression? stop = stream.Current.IsOperator(":") || stream.Current.IsOperator("]") ? null : Parse();
        JinjaExpression? step = null;
        if (stream.SkipOperator(":") && !stream.Current.IsOperator("]"))
            step = Parse();
        stream.ExpectOperator("]");
        return new SliceExpression(line, target, start, stop, step);
    }

    private JinjaExpression ParseFiltersAndTests(JinjaExpression value)
    {
        while (true)
        {
            if (stream.SkipOperator("|"))
                value = ParseFilter(value);
            else if (stream.SkipName("is"))
                value = ParseTest(value);
            else if (stream.Current.IsOperator("("))
                value = new CallExpression(stream.Line, value, ParseArguments());
            else
                return value;
        }
    }

    private FilterExpression ParseFilter(JinjaExpression? target)
    {
        int line = stream.Line;
        string name = stream.ExpectAnyName("the name of a filter");
        if (!JinjaFilters.Exists(name))
            throw new JinjaException($"there is no filter '{name}'", line);
        return new FilterExpression(line, target, name, stream.Current.IsOperator("(") ? ParseArguments() : ArgumentList.Empty);
    }

    private TestExpression ParseTest(JinjaExpression target)
    {
        int line = stream.Line;
        bool negated = stream.SkipName("not");
        JinjaToken token = stream.Next();
        if (token.Kind is not (JinjaTokenKind.Name or JinjaTokenKind.Operator) || !JinjaTests.Exists(token.Text))
            throw new JinjaException($"there is no test '{token.Text}'", line);

        ArgumentList arguments = ArgumentList.Empty;
        if (stream.Current.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (StartsTestArgument())
        {
            arguments = new ArgumentList([ParsePostfix(ParsePrimary())], []);
        }

        return new TestExpression(line, target, token.Text, arguments, negated);
    }

    // One argument may follow a test without parentheses: 'x is divisibleby 3'.
    private bool StartsTestArgument() => stream.Current.Kind switch
    {
        JinjaTokenKind.Name => stream.Current.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not"),
        JinjaTokenKind.String or JinjaTokenKind.Integer or JinjaTokenKind.Float => true,
        JinjaTokenKind.Operator => stream.Current.Text is "[" or "{",
        _ => false,
    };
}
