using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Models;

/// <summary>One id a word: Hugging Face's WordLevel, and the vocabulary of the classic recurrent language models.</summary>
public sealed class WordLevelModel : TokenModel
{
    private readonly string?[] _tokens;
    private readonly byte[][] _bytes;
    private readonly Dictionary<string, int> _ids = [];
    private readonly Dictionary<string, int> _words = [];

    /// <summary>Builds the model.</summary>
    /// <param name="tokens">Words by id; null where an id is unused.</param>
    /// <param name="unknown">The token for words outside the vocabulary, or null when such a word is an error.</param>
    /// <param name="outside">Ids of added tokens: text never becomes one here.</param>
    /// <exception cref="InvalidDataException">The unknown token is not in the vocabulary.</exception>
    internal WordLevelModel(IReadOnlyList<string?> tokens, string? unknown, IReadOnlySet<int> outside)
    {
        _tokens = [.. tokens];
        _bytes = [.. _tokens.Select(token => token is null ? [] : Encoding.UTF8.GetBytes(token))];
        for (int id = 0; id < _tokens.Length; id++)
        {
            if (_tokens[id] is not { } token)
                continue;
            _ids.TryAdd(token, id);
            if (!outside.Contains(id))
                _words.TryAdd(token, id);
        }

        UnknownToken = unknown;
        if (unknown is not null)
            Unknown = _ids.TryGetValue(unknown, out int id) ? id : throw new InvalidDataException($"model.unk_token is '{unknown}', which is not in the vocabulary.");
    }

    /// <summary>Id for words outside the vocabulary, if there is one.</summary>
    internal int? Unknown { get; }

    private string? UnknownToken { get; }

    /// <inheritdoc/>
    public override int VocabularySize => _tokens.Length;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    /// <inheritdoc/>
    public override string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <inheritdoc/>
    public override int? Id(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    internal override void Encode(ReadOnlySpan<char> word, TokenBuffer ids) =>
        ids.Add(_words.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out int id)
            ? id
            : Unknown ?? throw new InvalidDataException($"the word '{word}' is not in the vocabulary, which has no unknown token."));

    internal override void EncodeBytes(ReadOnlySpan<byte> bytes, TokenBuffer ids) =>
        ids.Add(Unknown ?? throw new InvalidDataException("the text is not valid UTF-8, and a word vocabulary without an unknown token has nothing for it."));

    internal override JsonObject Write() => new()
    {
        ["type"] = "WordLevel",
        ["vocab"] = Files.ModelParts.WriteVocabulary(_tokens),
        ["unk_token"] = UnknownToken ?? "<unk>",
    };
}
