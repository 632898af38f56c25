using System.Buffers;
using System.Text;

namespace Ashlar.Tokenizers.Models;

/// <summary>
/// Byte-level byte-pair encoding: a word starts as its UTF-8 bytes, and the adjacent pair of lowest rank is merged until
/// none is left (Sennrich et al. 2016, section 3.2; on bytes, Radford et al. 2019, section 2.2).
/// </summary>
public sealed class BytePairModel : TokenModel
{
    private const int LongWord = 512;

    private readonly byte[][] _bytes;
    private readonly Dictionary<string, int> _ids;
    private readonly int[] _byteIds = new int[256];
    private readonly PairTable _pairs;
    private readonly Dictionary<string, int>? _wholeWords;

    /// <summary>Builds the model from tokens by id and their merges.</summary>
    /// <param name="tokens">Bytes of every token by id; null where an id is unused.</param>
    /// <param name="merges">Pairs of ids in order of rank and the id they merge to.</param>
    /// <param name="ignoreMerges">Whether a word that is itself a token is emitted whole (Llama 3).</param>
    /// <exception cref="InvalidDataException">A byte has no token.</exception>
    internal BytePairModel(IReadOnlyList<byte[]?> tokens, IReadOnlyList<Merge> merges, bool ignoreMerges = false)
    {
        _bytes = [.. tokens.Select(token => token ?? [])];
        _ids = new Dictionary<string, int>(_bytes.Length);
        Array.Fill(_byteIds, -1);
        for (int id = 0; id < _bytes.Length; id++)
        {
            if (_bytes[id].Length == 0)
                continue;
            _ids.TryAdd(ByteLevelAlphabet.Spell(_bytes[id]), id);
            if (_bytes[id].Length == 1 && _byteIds[_bytes[id][0]] < 0)
                _byteIds[_bytes[id][0]] = id;
        }

        int missing = Array.IndexOf(_byteIds, -1);
        if (missing >= 0)
            throw new InvalidDataException($"byte 0x{missing:X2} has no token; a byte-level vocabulary holds all 256 bytes.");
        Merges = merges;
        IgnoresMerges = ignoreMerges;
        _pairs = new PairTable(merges);
        if (ignoreMerges)
        {
            _wholeWords = [];
            for (int id = 0; id < _bytes.Length; id++)
            {
                string text = Encoding.UTF8.GetString(_bytes[id]);
                if (text.Length > 0 && !text.Contains('\uFFFD'))
                    _wholeWords.TryAdd(text, id);
            }
        }
    }

    /// <summary>
    /// Bytes of tokens that are spelled in the byte-level alphabet. One that is not, such as a control token that stands in the
    /// vocabulary, is its UTF-8.
    /// </summary>
    internal static byte[]?[] ReadSpelling(IReadOnlyList<string?> tokens) =>
        [.. tokens.Select(token => token is null ? null : ByteLevelAlphabet.Read(token) ?? Encoding.UTF8.GetBytes(token))];

    /// <summary>Pairs in order of rank.</summary>
    internal IReadOnlyList<Merge> Merges { get; }

    internal bool IgnoresMerges { get; }

    /// <inheritdoc/>
    public override int VocabularySize => _bytes.Length;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    /// <inheritdoc/>
    public override string? Token(int id) => (uint)id < (uint)_bytes.Length && _bytes[id].Length > 0 ? ByteLevelAlphabet.Spell(_bytes[id]) : null;

    /// <inheritdoc/>
    public override int? Id(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    internal override System.Text.Json.Nodes.JsonObject Write() => Files.BytePairJson.Write(
        Enumerable.Range(0, VocabularySize).Select(Token),
        unknown: null,
        IgnoresMerges,
        Merges.Select(merge => (Token(merge.Left)!, Token(merge.Right)!)));

    internal override void Encode(ReadOnlySpan<char> word, List<int> ids)
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

    internal override void EncodeBytes(ReadOnlySpan<byte> bytes, List<int> ids)
    {
        if (bytes.Length > LongWord)
        {
            LongWordMerger.Encode(bytes, _byteIds, _pairs, ids);
            return;
        }

        Span<int> symbols = stackalloc int[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
            symbols[i] = _byteIds[bytes[i]];

        // ranks[i] is the rank of the pair (i, i + 1); the shortest words need two or three merges, so a scan is fastest.
        Span<int> ranks = stackalloc int[bytes.Length];
        for (int i = 0; i + 1 < symbols.Length; i++)
            ranks[i] = _pairs.Rank(symbols[i], symbols[i + 1]);
        int count = symbols.Length;
        while (count > 1)
        {
            int best = IndexOfLowest(ranks[..(count - 1)]);
            int rank = ranks[best];
            if (rank == PairTable.None)
                break;
            symbols[best] = _pairs.Merged(rank);
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            count--;
            if (best + 1 < count)
                ranks[(best + 2)..count].CopyTo(ranks[(best + 1)..]);
            if (best > 0)
                ranks[best - 1] = _pairs.Rank(symbols[best - 1], symbols[best]);
            if (best + 1 < count)
                ranks[best] = _pairs.Rank(symbols[best], symbols[best + 1]);
        }

        foreach (int symbol in symbols[..count])
            ids.Add(symbol);
    }

    private static int IndexOfLowest(ReadOnlySpan<int> ranks)
    {
        int best = 0;
        for (int i = 1; i < ranks.Length; i++)
        {
            if (ranks[i] < ranks[best])
                best = i;
        }

        return best;
    }
}

/// <summary>Two adjacent tokens and the token they become.</summary>
/// <param name="Left">Id on the left.</param>
/// <param name="Right">Id on the right.</param>
/// <param name="Result">Id of the concatenation.</param>
internal readonly record struct Merge(int Left, int Right, int Result);
