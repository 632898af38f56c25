using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.Models;

/// <summary>A model that cuts text, with the ids of another list of tokens: what the list does not have becomes its unknown token.</summary>
internal sealed class RenumberedModel : TokenModel
{
    private readonly TokenModel _inner;
    private readonly string?[] _tokens;
    private readonly Dictionary<string, int> _ids;
    private readonly int[] _toOuter;
    private readonly int[] _toInner;

    /// <param name="inner">Cuts the text.</param>
    /// <param name="ids">Id of each token of the list.</param>
    /// <param name="unknown">The list's unknown token.</param>
    public RenumberedModel(TokenModel inner, Dictionary<string, int> ids, int unknown)
    {
        (_inner, _ids) = (inner, ids);
        _tokens = new string?[ids.Values.Max() + 1];
        foreach ((string token, int id) in ids)
            _tokens[id] = token;
        _toOuter = [.. Enumerable.Range(0, inner.VocabularySize).Select(id => inner.Token(id) is { } token && ids.TryGetValue(token, out int outer) ? outer : unknown)];
        _toInner = [.. _tokens.Select(token => token is null ? -1 : inner.Id(token) ?? -1)];
        UserDefined = [.. inner.UserDefined.Select(id => _toOuter[id]).Where(id => id != unknown)];
    }

    public override int VocabularySize => _tokens.Length;

    internal override bool ReadsEscapedBytes => _inner.ReadsEscapedBytes;

    internal override TextScanner? Scanner => _inner.Scanner;

    internal override IReadOnlyList<int> UserDefined { get; }

    public override ReadOnlySpan<byte> Bytes(int id) => (uint)id >= (uint)_tokens.Length ? []
        : _toInner[id] >= 0 ? _inner.Bytes(_toInner[id])
        : System.Text.Encoding.UTF8.GetBytes(_tokens[id] ?? "");

    public override string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    public override int? Id(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    internal override void Encode(ReadOnlySpan<char> word, TokenBuffer ids)
    {
        TokenBuffer found = new(word.Length + 1);
        _inner.Encode(word, found);
        Add(found, ids);
    }

    internal override void EncodeBytes(ReadOnlySpan<byte> bytes, TokenBuffer ids)
    {
        TokenBuffer found = new(bytes.Length + 1);
        _inner.EncodeBytes(bytes, found);
        Add(found, ids);
    }

    internal override JsonObject Write() =>
        throw new InvalidDataException("a SentencePiece model with the ids of another vocabulary has no form in tokenizer.json; keep its .spm files and vocab.json.");

    private void Add(TokenBuffer found, TokenBuffer ids)
    {
        foreach (int id in found.Ids)
            ids.Add(_toOuter[id]);
    }
}
