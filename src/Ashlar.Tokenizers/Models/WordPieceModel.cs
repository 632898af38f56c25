using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Models;

/// <summary>
/// WordPiece: a word is cut into the longest token that it begins with, then the longest that what is left begins with, and so
/// on; a word for which that fails is unknown as a whole (Wu et al. 2016, section 4.1; Devlin et al. 2019, released code).
/// </summary>
public sealed class WordPieceModel : TokenModel
{
    private readonly string?[] _tokens;
    private readonly byte[][] _bytes;
    private readonly Dictionary<string, int> _ids = [];
    private readonly Dictionary<string, int> _starts = [];
    private readonly Dictionary<string, int> _continuations = [];
    private readonly string _unknownToken;
    private readonly int _unknown;
    private readonly string _prefix;
    private readonly int _longestWord;
    private readonly int _longestToken;

    /// <summary>Builds the model.</summary>
    /// <param name="tokens">Tokens by id; null where an id is unused.</param>
    /// <param name="unknown">The token for a word that cannot be cut.</param>
    /// <param name="prefix">The mark of a token that continues a word.</param>
    /// <param name="longestWord">A word of more characters is unknown.</param>
    /// <param name="outside">Ids of added tokens: text never becomes one here.</param>
    /// <exception cref="InvalidDataException">The unknown token is not in the vocabulary.</exception>
    internal WordPieceModel(IReadOnlyList<string?> tokens, string unknown, string prefix, int longestWord, IReadOnlySet<int> outside)
    {
        _tokens = [.. tokens];
        _bytes = [.. _tokens.Select(token => token is null ? [] : Encoding.UTF8.GetBytes(token))];
        (_unknownToken, _prefix, _longestWord) = (unknown, prefix, longestWord);
        for (int id = 0; id < _tokens.Length; id++)
        {
            if (_tokens[id] is not { Length: > 0 } token)
                continue;
            _ids.TryAdd(token, id);
            if (outside.Contains(id))
                continue;
            _starts.TryAdd(token, id);
            _longestToken = Math.Max(_longestToken, token.Length);
            if (token.Length > prefix.Length && token.StartsWith(prefix, StringComparison.Ordinal))
                _continuations.TryAdd(token[prefix.Length..], id);
        }

        _unknown = _ids.TryGetValue(unknown, out int found) ? found : throw new InvalidDataException($"model.unk_token is '{unknown}', which is not in the vocabulary.");
    }

    /// <inheritdoc/>
    public override int VocabularySize => _tokens.Length;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    /// <inheritdoc/>
    public override string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <inheritdoc/>
    public override int? Id(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    internal override void Encode(ReadOnlySpan<char> word, TokenBuffer ids)
    {
        if (word.Length > _longestWord && Scalars(word) > _longestWord)
        {
            ids.Add(_unknown);
            return;
        }

        // Few words have many pieces; the pieces are held back until the whole word is known to be cut.
        Span<int> pieces = word.Length <= 256 ? stackalloc int[word.Length] : new int[word.Length];
        int count = 0;
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> find = _starts.GetAlternateLookup<ReadOnlySpan<char>>();
        while (!word.IsEmpty)
        {
            int length = Math.Min(word.Length, _longestToken);
            int id = -1;
            while (length > 0 && !find.TryGetValue(word[..length], out id))
                length--;
            if (length == 0)
            {
                ids.Add(_unknown);
                return;
            }

            pieces[count++] = id;
            word = word[length..];
            find = _continuations.GetAlternateLookup<ReadOnlySpan<char>>();
        }

        ids.AddRange(pieces[..count]);
    }

    internal override void EncodeBytes(ReadOnlySpan<byte> bytes, TokenBuffer ids) => ids.Add(_unknown);

    internal override JsonObject Write() => new()
    {
        ["type"] = "WordPiece",
        ["unk_token"] = _unknownToken,
        ["continuing_subword_prefix"] = _prefix,
        ["max_input_chars_per_word"] = _longestWord,
        ["vocab"] = Files.ModelParts.WriteVocabulary(_tokens),
    };

    private static int Scalars(ReadOnlySpan<char> word)
    {
        int count = 0;
        foreach (Rune _ in word.EnumerateRunes())
            count++;
        return count;
    }
}
