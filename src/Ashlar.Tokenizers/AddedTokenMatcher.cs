using System.Buffers;

namespace Ashlar.Tokenizers;

/// <summary>Finds the next added token in a text: the leftmost, and of those that begin together the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string>? _any;
    private readonly AddedToken[] _longestFirst;

    public AddedTokenMatcher(IEnumerable<AddedToken> tokens)
    {
        _longestFirst = [.. tokens.OrderByDescending(token => token.Content.Length)];
        if (_longestFirst.Length > 0)
            _any = SearchValues.Create([.. _longestFirst.Select(token => token.Content)], StringComparison.Ordinal);
    }

    public (int Start, AddedToken? Token) Find(string text, int from)
    {
        if (_any is null)
            return (text.Length, null);
        int found = text.AsSpan(from).IndexOfAny(_any);
        if (found < 0)
            return (text.Length, null);
        int start = from + found;
        foreach (AddedToken token in _longestFirst)
        {
            if (text.AsSpan(start).StartsWith(token.Content, StringComparison.Ordinal))
                return (start, token);
        }

        return (text.Length, null);
    }
}
