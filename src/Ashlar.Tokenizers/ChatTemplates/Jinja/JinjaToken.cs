namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

internal enum JinjaTokenKind
{
    /// <summary>Text outside of tags.</summary>
    Data,

    /// <summary><c>{{</c></summary>
    OutputBegin,

    /// <summary><c>}}</c></summary>
    OutputEnd,

    /// <summary><c>{%</c></summary>
    BlockBegin,

    /// <summary><c>%}</c></summary>
    BlockEnd,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <summary>One token; <paramref name="Text"/> of a string is its value, escapes already resolved.</summary>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line)
{
    public bool IsOperator(string text) => Kind == JinjaTokenKind.Operator && Text == text;

    public bool IsName(string text) => Kind == JinjaTokenKind.Name && Text == text;

    /// <summary>How an error calls it.</summary>
    public string Describe() => Kind switch
    {
        JinjaTokenKind.End => "the end of the template",
        JinjaTokenKind.Data => "text",
        JinjaTokenKind.OutputBegin => "'{{'",
        JinjaTokenKind.OutputEnd => "'}}'",
        JinjaTokenKind.BlockBegin => "'{%'",
        JinjaTokenKind.BlockEnd => "'%}'",
        JinjaTokenKind.String => $"the string '{Text}'",
        _ => $"'{Text}'",
    };
}
