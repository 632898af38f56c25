using System.Buffers;
using System.Globalization;
using System.Text;

namespace Ashlar.Tokenizers;

/// <summary>Finds the next added token in a text: the leftmost, and of those that begin together the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string>? _any;
    private readonly (string Text, AddedToken Token)[] _longestFirst;

    /// <summary>Builds the matcher.</summary>
    /// <param name="tokens">The tokens; an empty one is never found.</param>
    /// <param name="spell">How a token looks in the text that is searched, for example normalized.</param>
    public AddedTokenMatcher(IEnumerable<AddedToken> tokens, Func<string, string>? spell = null)
    {
        _longestFirst =
        [
            .. tokens.Select(token => (Text: spell is null ? token.Content : spell(token.Content), token))
                .Where(pair => pair.Text.Length > 0)
                .OrderByDescending(pair => pair.Text.Length),
        ];
        if (_longestFirst.Length > 0)
            _any = SearchValues.Create([.. _longestFirst.Select(pair => pair.Text)], StringComparison.Ordinal);
    }

    /// <summary>Whether there is nothing to find.</summary>
    public bool IsEmpty => _any is null;

    /// <summary>The first match at or after <paramref name="from"/>, white space taken in where the token asks for it.</summary>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end, out AddedToken token)
    {
        int floor = from; // white space before it belongs to a token only back to here
        while (_any is not null && text[from..].IndexOfAny(_any) is int found and >= 0)
        {
            start = from + found;
            from = start + 1;
            foreach ((string content, AddedToken candidate) in _longestFirst)
            {
                if (!text[start..].StartsWith(content, StringComparison.Ordinal))
                    continue;
                end = start + content.Length;
                if (candidate.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..])))
                {
                    from = end;
                    break;
                }

                token = candidate;
                while (token.LeftStrip && start > floor && char.IsWhiteSpace(text[start - 1]))
                    start--;
                while (token.RightStrip && end < text.Length && char.IsWhiteSpace(text[end]))
                    end++;
                return true;
            }
        }

        (start, end, token) = (text.Length, text.Length, null!);
        return false;
    }

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out Rune rune, out _) == OperationStatus.Done && IsWord(rune);

    // \w of regular expressions.
    private static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) is
        <= UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
        or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation;
}
