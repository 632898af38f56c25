using System.Text;

namespace Ashlar.Tokenizers.Models;

/// <summary>One token a Unicode scalar; what is not in the vocabulary becomes the unknown token.</summary>
public sealed class CharacterModel : TokenModel
{
    private readonly string[] _tokens;
    private readonly byte[][] _bytes;
    private readonly Dictionary<Rune, int> _runes = [];
    private readonly Dictionary<string, int> _ids = [];
    private readonly int? _unknown;

    /// <summary>Builds the model.</summary>
    /// <param name="tokens">Tokens by id; each one character, the unknown token excepted.</param>
    /// <param name="unknown">Id for characters outside the vocabulary, if there is one.</param>
    internal CharacterModel(IReadOnlyList<string> tokens, int? unknown)
    {
        _tokens = [.. tokens];
        _bytes = [.. tokens.Select(Encoding.UTF8.GetBytes)];
        _unknown = unknown;
        for (int id = 0; id < _tokens.Length; id++)
        {
            _ids.TryAdd(_tokens[id], id);
            if (id != unknown && Rune.TryGetRuneAt(_tokens[id], 0, out Rune rune) && rune.Utf16SequenceLength == _tokens[id].Length)
                _runes.TryAdd(rune, id);
        }
    }

    internal int? Unknown => _unknown;

    /// <inheritdoc/>
    public override int VocabularySize => _tokens.Length;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)_bytes.Length && id != _unknown ? _bytes[id] : [];

    /// <inheritdoc/>
    public override string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <inheritdoc/>
    public override int? Id(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    internal override System.Text.Json.Nodes.JsonObject Write() =>
        Files.BytePairJson.Write(_tokens, _unknown is { } id ? _tokens[id] : null, ignoreMerges: false, []);

    internal override void Encode(ReadOnlySpan<char> word, TokenBuffer ids)
    {
        foreach (Rune rune in word.EnumerateRunes())
        {
            if (_runes.TryGetValue(rune, out int id))
                ids.Add(id);
            else
                ids.Add(_unknown ?? throw new InvalidDataException($"the character U+{rune.Value:X4} is not in the vocabulary, which has no unknown token."));
        }
    }

    internal override void EncodeBytes(ReadOnlySpan<byte> bytes, TokenBuffer ids) =>
        ids.Add(_unknown ?? throw new InvalidDataException("the text is not valid UTF-8, and a character vocabulary without an unknown token has nothing for it."));
}
