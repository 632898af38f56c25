using System.Globalization;
using System.Text;

namespace Ashlar.Tokenizers.ChatTemplates.Jinja;

/// <summary>
/// Cuts a template into tokens by Jinja2's rules with the options that chat templates are written for:
/// <c>trim_blocks</c> (the newline after a block tag or comment goes) and <c>lstrip_blocks</c> (the spaces before one
/// that begins a line go); <c>-</c> at a tag's edge takes all white space there, <c>+</c> keeps it.
/// </summary>
internal sealed class JinjaLexer
{
    // Longest first, so that '**' isn't read as two '*'.
    private static readonly string[] Operators =
    [
        "//", "**", "==", "!=", "<=", ">=",
        "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|", ";",
    ];

    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private int _position;
    private int _line = 1;

    private JinjaLexer(string template)
    {
        string source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        // Jinja2 drops one newline at the end of a template unless told otherwise.
        _source = source.EndsWith('\n') ? source[..^1] : source;
    }

    /// <summary>The tokens of the template, the last one of kind <see cref="JinjaTokenKind.End"/>.</summary>
    public static List<JinjaToken> Tokenize(string template)
    {
        JinjaLexer lexer = new(template);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        bool lineStart = true;
        while (_position < _source.Length)
        {
            int tag = FindTag(_position);
            if (tag < 0)
            {
                AddData(_source[_position..]);
                _position = _source.Length;
                break;
            }

            char kind = _source[tag + 1];
            char sign = tag + 2 < _source.Length && _source[tag + 2] is '-' or '+' ? _source[tag + 2] : '\0';
            AddData(TextBefore(tag, kind, sign, lineStart));
            AdvanceTo(tag + 2 + (sign == '\0' ? 0 : 1));
            switch (kind)
            {
                case '#':
                    SkipComment();
                    break;
                case '{':
                    ReadTag(JinjaTokenKind.OutputBegin, JinjaTokenKind.OutputEnd, "}}");
                    break;
                default:
                    if (!TryReadRaw())
                        ReadTag(JinjaTokenKind.BlockBegin, JinjaTokenKind.BlockEnd, "%}");
                    break;
            }

            lineStart = _position > 0 && _source[_position - 1] == '\n';
        }

        _tokens.Add(new JinjaToken(JinjaTokenKind.End, "", _line));
    }

    private int FindTag(int from)
    {
        for (int i = from; i + 1 < _source.Length; i++)
            if (_source[i] == '{' && _source[i + 1] is ('{' or '%' or '#'))
                return i;
        return -1;
    }

    private string TextBefore(int tag, char kind, char sign, bool lineStart)
    {
        string text = _source[_position..tag];
        if (sign == '-')
            return text.TrimEnd();
        if (sign == '+' || kind == '{')
            return text;
        int lastLine = text.LastIndexOf('\n') + 1;
        bool atLineStart = lastLine > 0 || lineStart;
        return atLineStart && string.IsNullOrWhiteSpace(text[lastLine..]) ? text[..lastLine] : text;
    }

    private void AddData(string text)
    {
        if (text.Length > 0)
            _tokens.Add(new JinjaToken(JinjaTokenKind.Data, text, _line));
    }

    private void SkipComment()
    {
        int opened = _line;
        int end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
            throw new JinjaException("a comment '{#' is not closed by '#}'", opened);
        char sign = end > _position ? _source[end - 1] : '\0';
        AdvanceTo(end + 2);
        SkipAfterTag(sign, trimNewline: true);
    }

    /// <summary>White space after a closing tag, by its sign; without a sign only the newline that trim_blocks takes.</summary>
    private void SkipAfterTag(char sign, bool trimNewline)
    {
        int end = _position;
        if (sign == '-')
        {
            while (end < _source.Length && char.IsWhiteSpace(_source[end]))
                end++;
        }
        else if (sign != '+' && trimNewline && end < _source.Length && _source[end] == '\n')
        {
            end++;
        }

        AdvanceTo(end);
    }

    private bool TryReadRaw()
    {
        if (!TryMatchWordTag(_position, "raw", out int bodyStart, out char sign))
            return false;
        int opened = _line;
        AdvanceTo(bodyStart);
        SkipAfterTag(sign, trimNewline: false);
        for (int i = _position; (i = _source.IndexOf("{%", i, StringComparison.Ordinal)) >= 0; i += 2)
        {
            char before = i + 2 < _source.Length && _source[i + 2] is '-' or '+' ? _source[i + 2] : '\0';
            if (!TryMatchWordTag(i + 2 + (before == '\0' ? 0 : 1), "endraw", out int after, out char endSign))
                continue;
            AddData(TextBefore(i, '%', before, lineStart: false));
            AdvanceTo(after);
            SkipAfterTag(endSign, trimNewline: true);
            return true;
        }

        throw new JinjaException("'{% raw %}' is not closed by '{% endraw %}'", opened);
    }

    private bool TryMatchWordTag(int start, string word, out int after, out char sign)
    {
        after = start;
        sign = '\0';
        while (after < _source.Length && char.IsWhiteSpace(_source[after]))
            after++;
        if (string.CompareOrdinal(_source, after, word, 0, word.Length) != 0)
            return false;
        after += word.Length;
        while (after < _source.Length && char.IsWhiteSpace(_source[after]))
            after++;
        if (after < _source.Length && _source[after] is '-' or '+')
            sign = _source[after++];
        if (string.CompareOrdinal(_source, after, "%}", 0, 2) != 0)
            return false;
        after += 2;
        return true;
    }

    private void ReadTag(JinjaTokenKind begin, JinjaTokenKind end, string closing)
    {
        int opened = _line;
        _tokens.Add(new JinjaToken(begin, "", _line));
        Stack<char> open = new();
        while (true)
        {
            while (_position < _source.Length && char.IsWhiteSpace(_source[_position]))
                AdvanceTo(_position + 1);
            if (_position >= _source.Length)
                throw new JinjaException($"the tag opened here is not closed by '{closing}'", opened);

            // Inside brackets '}}' closes two dictionaries, not the tag.
            if (open.Count == 0 && TryClose(end, closing))
                return;
            ReadExpressionToken(open);
        }
    }

    private bool TryClose(JinjaTokenKind end, string closing)
    {
        char sign = _source[_position] is '-' or '+' ? _source[_position] : '\0';
        int at = _position + (sign == '\0' ? 0 : 1);
        if (string.CompareOrdinal(_source, at, closing, 0, 2) != 0)
            return false;
        _tokens.Add(new JinjaToken(end, "", _line));
        AdvanceTo(at + 2);
        SkipAfterTag(sign, trimNewline: end == JinjaTokenKind.BlockEnd);
        return true;
    }

    private void ReadExpressionToken(Stack<char> open)
    {
        char c = _source[_position];
        if (c is '\'' or '"')
        {
            ReadString(c);
            return;
        }

        if (char.IsAsciiDigit(c))
        {
            ReadNumber();
            return;
        }

        if (char.IsLetter(c) || c == '_')
        {
            int end = _position;
            while (end < _source.Length && (char.IsLetterOrDigit(_source[end]) || _source[end] == '_'))
                end++;
            Add(JinjaTokenKind.Name, end);
            return;
        }

        foreach (string text in Operators)
        {
            if (string.CompareOrdinal(_source, _position, text, 0, text.Length) != 0)
                continue;
            if (text is "(" or "[" or "{")
                open.Push(text[0]);
            if (text is ")" or "]" or "}")
            {
                char expected = text[0] switch { ')' => '(', ']' => '[', _ => '{' };
                if (open.Count == 0 || open.Pop() != expected)
                    throw new JinjaException($"'{text}' closes nothing that was opened", _line);
            }

            Add(JinjaTokenKind.Operator, _position + text.Length);
            return;
        }

        throw new JinjaException($"the character '{c}' has no meaning in an expression", _line);
    }

    private void Add(JinjaTokenKind kind, int end)
    {
        _tokens.Add(new JinjaToken(kind, _source[_position..end], _line));
        AdvanceTo(end);
    }

    private void ReadNumber()
    {
        int end = Digits(_position);
        bool isFloat = false;
        if (end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]))
        {
            isFloat = true;
            end = Digits(end + 1);
        }

        if (end < _source.Length && _source[end] is 'e' or 'E')
        {
            int exponent = end + 1;
            if (exponent < _source.Length && _source[exponent] is '+' or '-')
                exponent++;
            if (exponent < _source.Length && char.IsAsciiDigit(_source[exponent]))
            {
                isFloat = true;
                end = Digits(exponent);
            }
        }

        string digits = _source[_position..end].Replace("_", "", StringComparison.Ordinal);
        _tokens.Add(new JinjaToken(isFloat ? JinjaTokenKind.Float : JinjaTokenKind.Integer, digits, _line));
        AdvanceTo(end);
    }

    private int Digits(int from)
    {
        while (from < _source.Length && (char.IsAsciiDigit(_source[from]) || _source[from] == '_'))
            from++;
        return from;
    }

    private void ReadString(char quote)
    {
        int opened = _line;
        StringBuilder value = new();
        int i = _position + 1;
        for (; ; i++)
        {
            if (i >= _source.Length)
                throw new JinjaException($"a string is not closed by {quote}", opened);
            char c = _source[i];
            if (c == quote)
                break;
            if (c == '\\' && i + 1 < _source.Length)
                i = ReadEscape(i + 1, value, opened);
            else
                value.Append(c);
        }

        _tokens.Add(new JinjaToken(JinjaTokenKind.String, value.ToString(), opened));
        AdvanceTo(i + 1);
    }

    /// <summary>Appends what the escape at <paramref name="i"/> (the character after the backslash) stands for; returns its last index.</summary>
    private int ReadEscape(int i, StringBuilder value, int line)
    {
        char c = _source[i];
        int hexDigits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
        if (hexDigits > 0)
        {
            if (i + hexDigits >= _source.Length
                || !int.TryParse(_source.AsSpan(i + 1, hexDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code)
                || code is < 0 or > 0x10FFFF)
                throw new JinjaException($"the escape '\\{c}' in a string is not followed by {hexDigits} hexadecimal digits of a character", line);
            // \uD83D\uDE00 written as two escapes is one character: halves are appended as they are.
            if (code > 0xFFFF)
                value.Append(char.ConvertFromUtf32(code));
            else
                value.Append((char)code);
            return i + hexDigits;
        }

        switch (c)
        {
            case 'n': value.Append('\n'); break;
            case 't': value.Append('\t'); break;
            case 'r': value.Append('\r'); break;
            case 'b': value.Append('\b'); break;
            case 'f': value.Append('\f'); break;
            case 'v': value.Append('\v'); break;
            case 'a': value.Append('\a'); break;
            case '0': value.Append('\0'); break;
            case '\\' or '\'' or '"': value.Append(c); break;
            case '\n': break;
            default: value.Append('\\').Append(c); break;
        }

        return i;
    }

    private void AdvanceTo(int position)
    {
        for (; _position < position; _position++)
            if (_source[_position] == '\n')
                _line++;
    }
}
