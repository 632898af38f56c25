using System.Text;

namespace Ashlar.Tokenizers.Models;

/// <summary>
/// The symbol a character starts as: its token, or, when it has none, a number past the vocabulary, by which a merge may still
/// take it in and which says what character it was.
/// </summary>
internal sealed class SymbolIds
{
    private readonly int[] _basic = new int[0x10000];
    private readonly Dictionary<int, int> _others = [];
    private readonly Dictionary<string, int> _ids;
    private readonly IReadOnlySet<int> _outside;
    private readonly string? _prefix;
    private readonly string? _suffix;
    private readonly int _first;

    /// <summary>Builds the table.</summary>
    /// <param name="ids">Tokens and ids.</param>
    /// <param name="outside">Ids that no character becomes.</param>
    /// <param name="first">The number of the character U+0000 when it has no token; others follow.</param>
    /// <param name="prefix">What the characters of a word but the first are spelled with.</param>
    /// <param name="suffix">What the last character of a word is spelled with.</param>
    public SymbolIds(Dictionary<string, int> ids, IReadOnlySet<int> outside, int first, string? prefix, string? suffix)
    {
        (_ids, _outside, _first) = (ids, outside, first);
        _prefix = string.IsNullOrEmpty(prefix) ? null : prefix;
        _suffix = string.IsNullOrEmpty(suffix) ? null : suffix;
        Array.Fill(_basic, -1);
        foreach ((string token, int id) in ids)
        {
            if (outside.Contains(id) || !Rune.TryGetRuneAt(token.Length == 0 ? "\uD800" : token, 0, out Rune rune) || rune.Utf16SequenceLength != token.Length)
                continue;
            if (rune.IsBmp)
                _basic[rune.Value] = id;
            else
                _others[rune.Value] = id;
        }
    }

    /// <summary>The symbol of a lone character.</summary>
    public int Of(int scalar)
    {
        int id = scalar < 0x10000 ? _basic[scalar] : _others.GetValueOrDefault(scalar, -1);
        return id >= 0 ? id : _first + scalar;
    }

    /// <summary>The symbol of the character at a place of a word.</summary>
    public int Of(ReadOnlySpan<char> word, int at, int length)
    {
        int scalar = length == 2 ? char.ConvertToUtf32(word[at], word[at + 1]) : word[at];
        bool prefixed = _prefix is not null && at > 0;
        bool suffixed = _suffix is not null && at + length == word.Length;
        if (!prefixed && !suffixed)
            return Of(scalar);
        string spelled = $"{(prefixed ? _prefix : "")}{word.Slice(at, length)}{(suffixed ? _suffix : "")}";
        return _ids.TryGetValue(spelled, out int id) && !_outside.Contains(id) ? id : _first + scalar;
    }

    /// <summary>The character of a symbol that has no token.</summary>
    public int Scalar(int symbol) => symbol - _first;
}
