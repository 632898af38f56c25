using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers.Scanners;
using Ashlar.Tokenizers.Unicode;

namespace Ashlar.Tokenizers.Models;

/// <summary>
/// Byte-pair encoding over characters (Sennrich et al. 2016), as SentencePiece and Llama have it: what is not in the vocabulary
/// becomes its bytes, where the vocabulary has tokens for them, or the unknown token.
/// </summary>
public sealed class CharacterPairModel : TokenModel
{
    private readonly string?[] _tokens;
    private readonly byte[][] _bytes;
    private readonly Dictionary<string, int> _ids = [];
    private readonly CharacterPairOptions _options;
    private readonly PairTable _pairs;
    private readonly IReadOnlyList<Merge> _merges;
    private readonly int[]? _byteIds;
    private readonly int? _unknown;
    private readonly SymbolIds _symbols;
    private readonly string[] _atoms;
    private readonly HashSet<int> _outside;

    /// <summary>Builds the model.</summary>
    /// <param name="tokens">Tokens by id; null where an id is unused.</param>
    /// <param name="merges">Merges of pairs of tokens, in order of rank; null when the ranks come from <paramref name="scores"/>.</param>
    /// <param name="scores">Score of each token, for SentencePiece: the neighbours whose concatenation has the highest score merge.</param>
    /// <param name="options">What else there is to say.</param>
    /// <exception cref="InvalidDataException">The unknown token or a byte token is missing.</exception>
    internal CharacterPairModel(IReadOnlyList<string?> tokens, IReadOnlyList<Merge>? merges, IReadOnlyList<double>? scores, CharacterPairOptions options)
    {
        _options = options;
        _tokens = [.. tokens];
        _outside = [.. options.Outside];
        for (int id = 0; id < _tokens.Length; id++)
        {
            if (_tokens[id] is { } token)
                _ids.TryAdd(token, id);
        }

        _byteIds = options.ByteFallback
            ? ByteTokens.Find(_ids) ?? throw new InvalidDataException("the BPE model has byte fallback, but not all of the tokens <0x00> to <0xFF>.")
            : null;
        _bytes = [.. _tokens.Select(token => token is null ? [] : _byteIds is not null && ByteTokens.TryRead(token, out byte value) ? [value] : Encoding.UTF8.GetBytes(token))];
        if (options.Unknown is { } unknown)
            _unknown = _ids.TryGetValue(unknown, out int id) ? id : throw new InvalidDataException($"model.unk_token is '{unknown}', which is not in the vocabulary.");
        if (_byteIds is not null)
            _outside.UnionWith(_byteIds);
        if (_unknown is { } outside)
            _outside.Add(outside);

        _symbols = new SymbolIds(_ids, _outside, _tokens.Length, options.Prefix, options.Suffix);
        _atoms = [.. options.UserDefined.Select(id => _tokens[id]!).OrderByDescending(atom => atom.Length)];
        if (merges is not null)
        {
            _merges = merges;
            _pairs = new PairTable(merges);
        }
        else
        {
            (List<Merge> all, List<int> ranks) = ScoredMerges.Build(_tokens, scores!, _symbols, _outside, options.UserDefined);
            _pairs = new PairTable(all, ranks);
            _merges = [.. all.Where(merge => merge.Left < _tokens.Length && merge.Right < _tokens.Length)];
        }

        Scanner = CutsAtSpaceMarks() ? new SpaceMarkScanner() : null;
    }

    /// <inheritdoc/>
    public override int VocabularySize => _tokens.Length;

    internal override bool ReadsEscapedBytes => _byteIds is not null;

    internal override TextScanner? Scanner { get; }

    internal override IReadOnlyList<int> UserDefined => _options.UserDefined;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    /// <inheritdoc/>
    public override string? Token(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <inheritdoc/>
    public override int? Id(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    internal override void Encode(ReadOnlySpan<char> word, TokenBuffer ids)
    {
        if (_options.IgnoreMerges && _ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out int whole) && !_outside.Contains(whole))
        {
            ids.Add(whole);
            return;
        }

        if (_atoms.Length == 0)
        {
            EncodePart(word, ids);
            return;
        }

        int start = 0;
        for (int at = 0; at < word.Length;)
        {
            string? atom = null;
            foreach (string candidate in _atoms)
            {
                if (word[at..].StartsWith(candidate, StringComparison.Ordinal))
                {
                    atom = candidate;
                    break;
                }
            }

            if (atom is null)
            {
                at++;
                continue;
            }

            if (at > start)
                EncodePart(word[start..at], ids);
            ids.Add(_ids[atom]);
            at += atom.Length;
            start = at;
        }

        if (start < word.Length)
            EncodePart(word[start..], ids);
    }

    internal override void EncodeBytes(ReadOnlySpan<byte> bytes, TokenBuffer ids)
    {
        if (_byteIds is null)
        {
            ids.Add(_unknown ?? throw new InvalidDataException("the text is not valid UTF-8, and this BPE vocabulary has neither byte tokens nor an unknown token."));
            return;
        }

        foreach (byte value in bytes)
            ids.Add(_byteIds[value]);
    }

    internal override JsonObject Write()
    {
        JsonObject part = Files.BytePairJson.Write(_tokens, _options.Unknown, _options.IgnoreMerges, _merges.Select(merge => (_tokens[merge.Left]!, _tokens[merge.Right]!)));
        part["continuing_subword_prefix"] = _options.Prefix;
        part["end_of_word_suffix"] = _options.Suffix;
        part["fuse_unk"] = _options.FuseUnknown;
        part["byte_fallback"] = _options.ByteFallback;
        return part;
    }

    private void EncodePart(ReadOnlySpan<char> word, TokenBuffer ids)
    {
        int[]? rented = word.Length > 512 ? ArrayPool<int>.Shared.Rent(word.Length) : null;
        Span<int> symbols = rented ?? stackalloc int[512];
        int count = 0;
        for (int at = 0; at < word.Length;)
        {
            _ = Rune.DecodeFromUtf16(word[at..], out _, out int length);
            symbols[count++] = _symbols.Of(word, at, length);
            at += length;
        }

        count = SymbolMerger.Merge(symbols[..count], _pairs);
        bool afterUnknown = false;
        foreach (int symbol in symbols[..count])
        {
            if (symbol < _tokens.Length && symbol >= 0)
            {
                ids.Add(symbol);
                afterUnknown = false;
                continue;
            }

            if (_byteIds is not null)
            {
                AddBytes(symbol, ids);
                continue;
            }

            // Hugging Face drops a character that has no token when there is no unknown token either; that loses text.
            int unknown = _unknown ?? throw new InvalidDataException($"the character U+{_symbols.Scalar(symbol):X4} is not in the vocabulary, which has neither byte tokens nor an unknown token.");
            if (!afterUnknown || !_options.FuseUnknown)
                ids.Add(unknown);
            afterUnknown = true;
        }

        if (rented is not null)
            ArrayPool<int>.Shared.Return(rented);
    }

    // Whether what is before a ▁ and what begins with it can be encoded apart: no token goes across.
    private bool CutsAtSpaceMarks() =>
        _options is { Prefix: null, Suffix: null, IgnoreMerges: false }
        && _atoms.Length == 0
        && _ids.TryGetValue("▁", out int mark) && !_outside.Contains(mark)
        && !_tokens.Where((token, id) => token is not null && !_outside.Contains(id) && Crosses(token)).Any();

    private static bool Crosses(string token) =>
        token.AsSpan().IndexOfAnyExcept('▁') is int first and >= 0 && token.LastIndexOf('▁') > first;

    private void AddBytes(int symbol, TokenBuffer ids)
    {
        int scalar = _symbols.Scalar(symbol);
        if (scalar is >= 0xDC80 and <= 0xDCFF)
        {
            ids.Add(_byteIds![scalar & 0xFF]);
            return;
        }

        Span<byte> utf8 = stackalloc byte[4];
        int count = (Rune.IsValid(scalar) ? new Rune(scalar) : Rune.ReplacementChar).EncodeToUtf8(utf8);
        foreach (byte value in utf8[..count])
            ids.Add(_byteIds![value]);
    }
}

/// <summary>The settings of a <see cref="CharacterPairModel"/>.</summary>
internal sealed record CharacterPairOptions
{
    /// <summary>The unknown token, if there is one.</summary>
    public string? Unknown { get; init; }

    /// <summary>Whether neighbouring unknown characters are one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether an unknown character becomes byte tokens.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>What the characters of a word but the first are spelled with.</summary>
    public string? Prefix { get; init; }

    /// <summary>What the last character of a word is spelled with.</summary>
    public string? Suffix { get; init; }

    /// <summary>Whether a word that is itself a token is taken whole.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Ids that text never becomes here.</summary>
    public IReadOnlySet<int> Outside { get; init; } = new HashSet<int>();

    /// <summary>Ids of symbols that are always taken whole and never merge.</summary>
    public IReadOnlyList<int> UserDefined { get; init; } = [];
}
