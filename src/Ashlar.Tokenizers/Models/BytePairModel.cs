using System.Buffers;
using System.Text;

namespace Ashlar.Tokenizers.Models;

/// <summary>
/// Byte-level byte-pair encoding: a word starts as its UTF-8 bytes, and the adjacent pair of lowest rank is merged until
/// none is left (Sennrich et al. 2016, section 3.2; on bytes, Radford et al. 2019, section 2.2).
/// </summary>
public sealed class BytePairModel : TokenModel
{
    private readonly byte[][] _bytes;
    private readonly string?[] _tokens;
    private readonly Dictionary<string, int> _ids;
    private readonly int[] _byteIds = new int[256];
    private readonly PairTable _pairs;
    private readonly Dictionary<string, int>? _wholeWords;

    /// <summary>Builds the model from tokens by id and their merges.</summary>
    /// <param name="tokens">Bytes of every token by id; null where an id is unused.</param>
    /// <param name="merges">Pairs of ids in order of rank and the id they merge to.</param>
    /// <param name="ignoreMerges">Whether a word that is itself a token is emitted whole (Llama 3).</param>
    internal BytePairModel(IReadOnlyList<byte[]?> tokens, IReadOnlyList<Merge> merges, bool ignoreMerges = false)
        : this([.. tokens.Select(token => token is null ? null : ByteLevelAlphabet.Spell(token))], merges, ignoreMerges, new HashSet<int>())
    {
    }

    /// <summary>Builds the model from tokens as they are spelled.</summary>
    /// <param name="spelled">Every token by id in the byte-level alphabet; null where an id is unused.</param>
    /// <param name="merges">Pairs of ids in order of rank and the id they merge to.</param>
    /// <param name="ignoreMerges">Whether a word that is itself a token is emitted whole (Llama 3).</param>
    /// <param name="outside">Ids in the vocabulary that are added tokens: text never becomes one here.</param>
    internal BytePairModel(IReadOnlyList<string?> spelled, IReadOnlyList<Merge> merges, bool ignoreMerges, IReadOnlySet<int> outside)
    {
        _tokens = [.. spelled];
        _bytes = new byte[_tokens.Length][];
        _ids = new Dictionary<string, int>(_tokens.Length);
        Array.Fill(_byteIds, -1);
        for (int id = 0; id < _bytes.Length; id++)
        {
            string? token = _tokens[id];
            // A token that is not spelled in the alphabet, such as a control token that stands in the vocabulary, is its UTF-8.
            _bytes[id] = token is null ? [] : ByteLevelAlphabet.Read(token) ?? Encoding.UTF8.GetBytes(token);
            if (string.IsNullOrEmpty(token))
                continue;
            _ids.TryAdd(token, id);
            if (_bytes[id].Length == 1 && _byteIds[_bytes[id][0]] < 0 && !outside.Contains(id))
                _byteIds[_bytes[id][0]] = id;
        }

        Merges = merges;
        IgnoresMerges = ignoreMerges;
        _pairs = new PairTable(merges);
        if (ignoreMerges)
        {
            _wholeWords = [];
            for (int id = 0; id < _bytes.Length; id++)
            {
                string text = Encoding.UTF8.GetString(_bytes[id]);
                if (text.Length > 0 && !text.Contains('\uFFFD') && !outside.Contains(id))
                    _wholeWords.TryAdd(text, id);
            }
        }
    }

    /// <summary>Pairs in order of rank.</summary>
    internal IReadOnlyList<Merge> Merges { get; }

    internal bool IgnoresMerges { get; }

    /// <inheritdoc/>
    public override int VocabularySize => _bytes.Length;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    /// <inheritdoc/>
    public override string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <inheritdoc/>
    public override int? Id(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    internal override System.Text.Json.Nodes.JsonObject Write() => Files.BytePairJson.Write(
        _tokens,
        unknown: null,
        IgnoresMerges,
        Merges.Select(merge => (Token(merge.Left)!, Token(merge.Right)!)));

    internal override void Encode(ReadOnlySpan<char> word, TokenBuffer ids)
    {
        if (_wholeWords is not null && _wholeWords.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out int whole))
        {
            ids.Add(whole);
            return;
        }

        int most = Encoding.UTF8.GetMaxByteCount(word.Length);
        byte[]? rented = most > 1024 ? ArrayPool<byte>.Shared.Rent(most) : null;
        Span<byte> buffer = rented ?? stackalloc byte[1024];
        int length = Encoding.UTF8.GetBytes(word, buffer);
        EncodeBytes(buffer[..length], ids);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    internal override void EncodeBytes(ReadOnlySpan<byte> bytes, TokenBuffer ids)
    {
        Span<int> symbols = bytes.Length <= 1024 ? stackalloc int[bytes.Length] : new int[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
            symbols[i] = ByteId(bytes[i]);
        ids.AddRange(symbols[..SymbolMerger.Merge(symbols, _pairs)]);
    }

    /// <summary>The token of a single byte.</summary>
    /// <exception cref="InvalidDataException">The vocabulary has none, which only bytes that UTF-8 never uses should lack.</exception>
    internal int ByteId(byte value)
    {
        int id = _byteIds[value];
        return id >= 0 ? id : throw new InvalidDataException($"the byte 0x{value:X2} is in the text, but the vocabulary has no token for it.");
    }
}

/// <summary>Two adjacent tokens and the token they become.</summary>
/// <param name="Left">Id on the left.</param>
/// <param name="Right">Id on the right.</param>
/// <param name="Result">Id of the concatenation.</param>
internal readonly record struct Merge(int Left, int Right, int Result);
