namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>Statements of a template: the tags between <c>{%</c> and <c>%}</c>, and the text between them.</summary>
internal sealed class JinjaParser
{
    private readonly JinjaTokenStream _stream;
    private readonly JinjaExpressionParser _expressions;
    private int _loopDepth;

    private JinjaParser(string template)
    {
        _stream = new JinjaTokenStream(JinjaLexer.Tokenize(template));
        _expressions = new JinjaExpressionParser(_stream);
    }

    /// <summary>Parses a whole template.</summary>
    /// <exception cref="JinjaException">It is not well formed, or uses a tag, filter or test that is not supported.</exception>
    public static IReadOnlyList<JinjaStatement> Parse(string template)
    {
        JinjaParser parser = new(template);
        List<JinjaStatement> statements = parser.ParseUntil(0, []);
        if (parser._stream.Current.Kind != JinjaTokenKind.End)
            throw parser._stream.Unexpected("the end of the template");
        return statements;
    }

    /// <summary>Statements up to a tag that begins with one of <paramref name="ends"/>; the cursor then stands on that name.</summary>
    private List<JinjaStatement> ParseUntil(int opened, params string[] ends)
    {
        List<JinjaStatement> statements = [];
        while (true)
        {
            JinjaToken token = _stream.Next();
            switch (token.Kind)
            {
                case JinjaTokenKind.Data:
                    statements.Add(new DataStatement(token.Line, token.Text));
                    break;
                case JinjaTokenKind.OutputBegin:
                    statements.Add(new OutputStatement(token.Line, _expressions.ParseTuple()));
                    _stream.Expect(JinjaTokenKind.OutputEnd);
                    break;
                case JinjaTokenKind.BlockBegin:
                    if (_stream.Current.Kind == JinjaTokenKind.Name && ends.Contains(_stream.Current.Text))
                        return statements;
                    statements.Add(_stream.Deeper(ParseTag));
                    break;
                default:
                    if (ends.Length > 0)
                        throw new JinjaException($"the block opened here is not closed by '{ends[^1]}'", opened);
                    return statements;
            }
        }
    }

    private JinjaStatement ParseTag()
    {
        int line = _stream.Line;
        string tag = _stream.ExpectAnyName("the name of a tag");
        return tag switch
        {
            "if" => ParseIf(line),
            "for" => ParseFor(line),
            "set" => ParseSet(line),
            "macro" => ParseMacro(line),
            "call" => ParseCallBlock(line),
            "filter" => ParseFilterBlock(line),
            "with" => ParseWith(line),
            "generation" => new GenerationStatement(line, ParseBody(line, "endgeneration")),
            "break" => ParseLoopControl(new BreakStatement(line), tag),
            "continue" => ParseLoopControl(new ContinueStatement(line), tag),
            "include" or "import" or "from" or "extends" or "block" =>
                throw new JinjaException($"the tag '{tag}' needs other templates, which a chat template has not", line),
            _ when tag.StartsWith("end", StringComparison.Ordinal) || tag is "else" or "elif" =>
                throw new JinjaException($"'{tag}' closes nothing that was opened", line),
            _ => throw new JinjaException($"there is no tag '{tag}'", line),
        };
    }

    /// <summary>The end of the opening tag, the body, and the closing tag.</summary>
    private List<JinjaStatement> ParseBody(int line, string end)
    {
        _stream.Expect(JinjaTokenKind.BlockEnd);
        List<JinjaStatement> body = ParseUntil(line, end);
        _stream.ExpectName(end);
        // 'endmacro' and 'endcall' may repeat the name.
        if (end is "endmacro" && _stream.Current.Kind == JinjaTokenKind.Name)
            _stream.Next();
        _stream.Expect(JinjaTokenKind.BlockEnd);
        return body;
    }

    private IfStatement ParseIf(int line)
    {
        List<(JinjaExpression, IReadOnlyList<JinjaStatement>)> branches = [];
        do
        {
            JinjaExpression test = _expressions.ParseTuple(conditional: false);
            _stream.Expect(JinjaTokenKind.BlockEnd);
            branches.Add((test, ParseUntil(line, "elif", "else", "endif")));
        }
        while (_stream.SkipName("elif"));

        List<JinjaStatement> otherwise = [];
        if (_stream.SkipName("else"))
        {
            _stream.Expect(JinjaTokenKind.BlockEnd);
            otherwise = ParseUntil(line, "endif");
        }

        _stream.ExpectName("endif");
        _stream.Expect(JinjaTokenKind.BlockEnd);
        return new IfStatement(line, branches, otherwise);
    }

    private ForStatement ParseFor(int line)
    {
        JinjaExpression target = _expressions.ParseTarget(allowAttribute: false);
        _stream.ExpectName("in");
        JinjaExpression items = _expressions.ParseTuple(conditional: false);
        JinjaExpression? condition = _stream.SkipName("if") ? _expressions.Parse() : null;
        bool recursive = _stream.SkipName("recursive");
        _stream.Expect(JinjaTokenKind.BlockEnd);
        _loopDepth++;
        List<JinjaStatement> body = ParseUntil(line, "else", "endfor");
        _loopDepth--;
        List<JinjaStatement> otherwise = [];
        if (_stream.SkipName("else"))
        {
            _stream.Expect(JinjaTokenKind.BlockEnd);
            otherwise = ParseUntil(line, "endfor");
        }

        _stream.ExpectName("endfor");
        _stream.Expect(JinjaTokenKind.BlockEnd);
        return new ForStatement(line, target, items, condition, recursive, body, otherwise);
    }

    private JinjaStatement ParseSet(int line)
    {
        JinjaExpression target = _expressions.ParseTarget(allowAttribute: true);
        if (_stream.SkipOperator("="))
        {
            JinjaExpression value = _expressions.ParseTuple();
            _stream.Expect(JinjaTokenKind.BlockEnd);
            return new SetStatement(line, target, value);
        }

        List<FilterExpression> filters = _stream.SkipOperator("|") ? _expressions.ParseFilterChain() : [];
        return new SetBlockStatement(line, target, filters, ParseBody(line, "endset"));
    }

    private MacroStatement ParseMacro(int line)
    {
        string name = _stream.ExpectAnyName("the name of a macro");
        return ParseMacroBody(line, name, ParseParameters(), "endmacro");
    }

    private MacroStatement ParseMacroBody(int line, string name, List<MacroParameter> parameters, string end)
    {
        // A macro inside a loop is a function of its own: 'break' can't leave the loop from there.
        int loops = _loopDepth;
        _loopDepth = 0;
        List<JinjaStatement> body = ParseBody(line, end);
        _loopDepth = loops;
        return new MacroStatement(line, name, parameters, body);
    }

    private List<MacroParameter> ParseParameters()
    {
        List<MacroParameter> parameters = [];
        _stream.ExpectOperator("(");
        while (!_stream.SkipOperator(")"))
        {
            if (parameters.Count > 0)
                _stream.ExpectOperator(",");
            string name = _stream.ExpectAnyName("the name of a parameter");
            JinjaExpression? preset = _stream.SkipOperator("=") ? _expressions.Parse() : null;
            if (preset is null && parameters.Exists(p => p.Default is not null))
                throw new JinjaException($"parameter '{name}' without a default follows one with a default", _stream.Line);
            parameters.Add(new MacroParameter(name, preset));
        }

        return parameters;
    }

    private CallBlockStatement ParseCallBlock(int line)
    {
        List<MacroParameter> parameters = _stream.Current.IsOperator("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not CallExpression call)
            throw new JinjaException("a call of a macro was expected after 'call'", line);
        return new CallBlockStatement(line, call, ParseMacroBody(line, "caller", parameters, "endcall"));
    }

    private FilterBlockStatement ParseFilterBlock(int line)
    {
        List<FilterExpression> filters = _expressions.ParseFilterChain();
        return new FilterBlockStatement(line, filters, ParseBody(line, "endfilter"));
    }

    private WithStatement ParseWith(int line)
    {
        List<(JinjaExpression, JinjaExpression)> values = [];
        while (_stream.Current.Kind != JinjaTokenKind.BlockEnd)
        {
            if (values.Count > 0)
                _stream.ExpectOperator(",");
            JinjaExpression target = new NameExpression(_stream.Line, _stream.ExpectAnyName("a name"));
            _stream.ExpectOperator("=");
            values.Add((target, _expressions.Parse()));
        }

        return new WithStatement(line, values, ParseBody(line, "endwith"));
    }

    private JinjaStatement ParseLoopControl(JinjaStatement statement, string tag)
    {
        if (_loopDepth == 0)
            throw new JinjaException($"'{tag}' stands outside of a loop", statement.Line);
        _stream.Expect(JinjaTokenKind.BlockEnd);
        return statement;
    }
}
