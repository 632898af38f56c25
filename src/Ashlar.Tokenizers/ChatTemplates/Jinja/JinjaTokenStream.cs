namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>A cursor over the tokens of a template, shared by the two parsers.</summary>
internal sealed class JinjaTokenStream(IReadOnlyList<JinjaToken> tokens)
{
    // Deep enough for any template, shallow enough for the stack of a thread.
    private const int MaximumDepth = 200;
    private int _position;
    private int _depth;

    public JinjaToken Current => tokens[_position];

    public int Line => Current.Line;

    public JinjaToken Peek(int ahead = 1) => tokens[Math.Min(_position + ahead, tokens.Count - 1)];

    public JinjaToken Next()
    {
        JinjaToken token = Current;
        if (token.Kind != JinjaTokenKind.End)
            _position++;
        return token;
    }

    public bool SkipOperator(string text) => Skip(Current.IsOperator(text));

    public bool SkipName(string text) => Skip(Current.IsName(text));

    public void ExpectOperator(string text)
    {
        if (!SkipOperator(text))
            throw Unexpected($"'{text}'");
    }

    public void ExpectName(string text)
    {
        if (!SkipName(text))
            throw Unexpected($"'{text}'");
    }

    public string ExpectAnyName(string what) =>
        Current.Kind == JinjaTokenKind.Name ? Next().Text : throw Unexpected(what);

    public void Expect(JinjaTokenKind kind)
    {
        if (Current.Kind != kind)
            throw Unexpected(new JinjaToken(kind, "", 0).Describe());
        Next();
    }

    public JinjaException Unexpected(string expected) => new($"{expected} was expected, and {Current.Describe()} is there", Line);

    /// <summary>Parses one level deeper; a template that nests beyond reason is refused before the stack ends.</summary>
    public T Deeper<T>(Func<T> parse)
    {
        if (++_depth > MaximumDepth)
            throw new JinjaException($"expressions or blocks are nested deeper than {MaximumDepth}", Line);
        T result = parse();
        _depth--;
        return result;
    }

    private bool Skip(bool matches)
    {
        if (matches)
            Next();
        return matches;
    }
}
