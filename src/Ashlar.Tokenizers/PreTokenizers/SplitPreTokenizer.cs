using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Cuts at a regular expression or at a fixed string.</summary>
public sealed class SplitPreTokenizer : PreTokenizer
{
    private readonly bool _literal;
    private readonly TextScanner? _scanner;
    private readonly Regex? _regex;

    /// <summary>Builds the pre-tokenizer.</summary>
    /// <param name="pattern">A regular expression, or a string that is taken as it stands.</param>
    /// <param name="behavior">What becomes of a match.</param>
    /// <param name="invert">Whether what lies between the matches counts as the match.</param>
    /// <param name="literal">Whether the pattern is a fixed string.</param>
    /// <exception cref="InvalidDataException">Not a regular expression.</exception>
    public SplitPreTokenizer(string pattern, SplitBehavior behavior = SplitBehavior.Isolated, bool invert = false, bool literal = false)
    {
        Pattern = pattern;
        Behavior = behavior;
        Invert = invert;
        _literal = literal;
        // An isolating expression that matches everywhere cuts from left to right; the published ones all do.
        if (!literal && behavior is SplitBehavior.Isolated or SplitBehavior.Removed
            && (behavior == SplitBehavior.Isolated || invert)
            && TextScanner.For(pattern) is { } scanner and not RegexScanner)
        {
            _scanner = scanner;
            return;
        }

        try
        {
            _regex = new Regex(literal ? Regex.Escape(pattern) : RegexScanner.Possessive(pattern), RegexOptions.CultureInvariant | RegexOptions.Compiled);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException($"the pre-tokenizer's pattern is not a regular expression: {error.Message}", error);
        }
    }

    /// <summary>The expression or string.</summary>
    public string Pattern { get; }

    /// <summary>What becomes of a match.</summary>
    public SplitBehavior Behavior { get; }

    /// <summary>Whether what lies between the matches counts as the match.</summary>
    public bool Invert { get; }

    internal override TextScanner? Scanner => _scanner;

    internal override void Cut(string text, bool atStart, List<string> pieces)
    {
        if (_scanner is not null)
        {
            Cut(_scanner, text, pieces);
            return;
        }

        List<(int, int)> matches = [];
        foreach (ValueMatch match in _regex!.EnumerateMatches(text))
        {
            if (match.Length > 0)
                matches.Add((match.Index, match.Length));
        }

        MatchSplitter.Split(text, matches, Behavior, Invert, pieces);
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { [_literal ? "String" : "Regex"] = Pattern },
        ["behavior"] = Behavior.ToString(),
        ["invert"] = Invert,
    };
}
