using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>Puts one string in the place of what a pattern matches.</summary>
public sealed class ReplaceNormalizer : Normalizer
{
    private readonly string _pattern;
    private readonly string _content;
    private readonly ScalarRegex? _regex;

    /// <summary>Builds the normalizer.</summary>
    /// <param name="pattern">A string that is taken as it stands, or a regular expression.</param>
    /// <param name="content">What stands there instead, taken as it stands.</param>
    /// <param name="regex">Whether the pattern is a regular expression.</param>
    /// <exception cref="InvalidDataException">Not a regular expression, or an empty string.</exception>
    public ReplaceNormalizer(string pattern, string content, bool regex = false)
    {
        if (pattern.Length == 0)
            throw new InvalidDataException("normalizer.pattern is empty; expected what is to be replaced.");
        _pattern = pattern;
        _content = content;
        _regex = regex ? new ScalarRegex(pattern) : null;
    }

    /// <inheritdoc/>
    public override string Normalize(string text)
    {
        if (_regex is null)
            return text.Replace(_pattern, _content, StringComparison.Ordinal);
        List<(int Start, int Length)> matches = [];
        _regex.Matches(text, matches);
        if (matches.Count == 0)
            return text;
        StringBuilder replaced = new(text.Length);
        int at = 0;
        foreach ((int start, int length) in matches)
        {
            replaced.Append(text, at, start - at).Append(_content);
            at = start + length;
        }

        return replaced.Append(text, at, text.Length - at).ToString();
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "Replace",
        ["pattern"] = new JsonObject { [_regex is null ? "String" : "Regex"] = _pattern },
        ["content"] = _content,
    };
}
