using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Cuts at a regular expression or at a fixed string.</summary>
public sealed class SplitPreTokenizer : PreTokenizer
{
    private readonly bool _literal;
    private readonly TextScanner? _scanner;
    private readonly ScalarRegex? _regex;

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
        // The published expressions match everywhere, so that isolating what they match, or removing what they do not, is
        // cutting from left to right.
        if (!literal && (behavior == SplitBehavior.Isolated || (behavior == SplitBehavior.Removed && invert)))
            _scanner = TextScanner.Published(pattern);
        if (_scanner is null)
            _regex = new ScalarRegex(pattern, literal);
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
        _regex!.Matches(text, matches);
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
