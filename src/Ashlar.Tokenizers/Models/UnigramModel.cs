using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Unicode;

namespace Ashlar.Tokenizers.Models;

/// <summary>What a token of a SentencePiece vocabulary is.</summary>
internal enum PieceKind
{
    /// <summary>A piece of text.</summary>
    Normal = 1,

    /// <summary>What stands for the unknown.</summary>
    Unknown = 2,

    /// <summary>A control token: text never becomes it.</summary>
    Control = 3,

    /// <summary>A symbol that is always taken whole.</summary>
    UserDefined = 4,

    /// <summary>A piece that is not used.</summary>
    Unused = 5,

    /// <summary>A single byte.</summary>
    Byte = 6,
}

/// <summary>A token with the logarithm of its probability.</summary>
/// <param name="Text">The token.</param>
/// <param name="Score">Natural logarithm of its probability.</param>
/// <param name="Kind">What it is.</param>
internal readonly record struct Piece(string Text, double Score, PieceKind Kind = PieceKind.Normal);

/// <summary>
/// The unigram language model of Kudo (2018): of all ways to cut a text into tokens, the one whose probabilities have the
/// greatest product, found by Viterbi's algorithm (section 3.2).
/// </summary>
public sealed class UnigramModel : TokenModel
{
    // The logarithm by which an unknown character is less likely than the least likely token (SentencePiece's kUnkPenalty).
    private const double UnknownPenalty = 10;

    private readonly Piece[] _pieces;
    private readonly byte[][] _bytes;
    private readonly Dictionary<string, int> _ids = [];
    private readonly double[] _scores;
    private readonly ByteTrie _trie;
    private readonly int? _unknown;
    private readonly double _unknownScore;
    private readonly int[]? _byteIds;
    private readonly bool _single;

    /// <summary>Builds the model.</summary>
    /// <param name="pieces">Tokens by id.</param>
    /// <param name="unknown">Id of the unknown token, if there is one.</param>
    /// <param name="byteFallback">Whether an unknown character becomes byte tokens.</param>
    /// <param name="single">Whether sums are rounded to single precision, as SentencePiece rounds them; Hugging Face does not.</param>
    /// <exception cref="InvalidDataException">A byte token is missing.</exception>
    internal UnigramModel(IReadOnlyList<Piece> pieces, int? unknown, bool byteFallback, bool single)
    {
        _pieces = [.. pieces];
        _single = single;
        _unknown = unknown;
        for (int id = 0; id < _pieces.Length; id++)
            _ids.TryAdd(_pieces[id].Text, id);
        _byteIds = byteFallback
            ? ByteTokens.Find(_ids) ?? throw new InvalidDataException("the Unigram model has byte fallback, but not all of the tokens <0x00> to <0xFF>.")
            : null;
        HashSet<int> bytes = [.. _byteIds ?? []];
        _bytes = [.. _pieces.Select((piece, id) => bytes.Contains(id) && ByteTokens.TryRead(piece.Text, out byte value) ? [value] : Encoding.UTF8.GetBytes(piece.Text))];
        double lowest = double.MaxValue;
        double highest = double.MinValue;
        foreach (Piece piece in _pieces)
        {
            if (piece.Kind == PieceKind.Normal)
                (lowest, highest) = (Math.Min(lowest, piece.Score), Math.Max(highest, piece.Score));
        }

        _unknownScore = Round(lowest - UnknownPenalty);
        _scores = new double[_pieces.Length];
        List<(byte[], int)> found = [];
        for (int id = 0; id < _pieces.Length; id++)
        {
            Piece piece = _pieces[id];
            _scores[id] = piece.Kind == PieceKind.UserDefined ? (_bytes[id].Length * highest) - 0.1 : piece.Score;
            if (piece.Kind is PieceKind.Normal or PieceKind.UserDefined && id != unknown && !bytes.Contains(id) && _bytes[id].Length > 0)
                found.Add((_bytes[id], id));
        }

        _trie = new ByteTrie(found);
        UserDefined = [.. Enumerable.Range(0, _pieces.Length).Where(id => _pieces[id].Kind == PieceKind.UserDefined)];
    }

    /// <inheritdoc/>
    public override int VocabularySize => _pieces.Length;

    internal override bool ReadsEscapedBytes => _byteIds is not null;

    internal override IReadOnlyList<int> UserDefined { get; }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Bytes(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : [];

    /// <inheritdoc/>
    public override string? Token(int id) => (uint)id < (uint)_pieces.Length ? _pieces[id].Text : null;

    /// <inheritdoc/>
    public override int? Id(string token) => _ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>Natural logarithm of a token's probability.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such id.</exception>
    public double Score(int id) => (uint)id < (uint)_pieces.Length ? _pieces[id].Score : throw new ArgumentOutOfRangeException(nameof(id));

    internal override void Encode(ReadOnlySpan<char> word, TokenBuffer ids)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(word.Length));
        int length = _byteIds is null ? Encoding.UTF8.GetBytes(word, rented) : SurrogateEscape.Write(word, rented);
        EncodeBytes(rented.AsSpan(0, length), ids);
        ArrayPool<byte>.Shared.Return(rented);
    }

    internal override void EncodeBytes(ReadOnlySpan<byte> text, TokenBuffer ids)
    {
        Step[] best = ArrayPool<Step>.Shared.Rent(text.Length + 1);
        best.AsSpan(0, text.Length + 1).Fill(new Step { Start = -1 });
        best[0].Start = 0;
        for (int start = 0; start < text.Length;)
        {
            int character = CharacterLength(text[start..]);
            double before = best[start].Score;
            bool alone = false;
            int node = ByteTrie.Root;
            for (int at = start; at < text.Length && _trie.Step(ref node, text[at], out int id); at++)
            {
                if (id < 0)
                    continue;
                Offer(ref best[at + 1], start, id, before + _scores[id]);
                alone |= at + 1 - start == character;
            }

            if (!alone)
                Offer(ref best[start + character], start, Unknown, before + _unknownScore);
            start += character;
        }

        Emit(text, best, ids);
        ArrayPool<Step>.Shared.Return(best);
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "Unigram",
        ["unk_id"] = _unknown,
        ["vocab"] = new JsonArray([.. _pieces.Select(piece => (JsonNode)new JsonArray(piece.Text, piece.Score))]),
        ["byte_fallback"] = _byteIds is not null,
    };

    private const int Unknown = -1;

    private struct Step
    {
        public double Score;
        public int Start;
        public int Id;
    }

    private double Round(double score) => _single ? (float)score : score;

    private void Offer(ref Step end, int start, int id, double score)
    {
        if (end.Start >= 0 && !(score > end.Score))
            return;
        end = new Step { Start = start, Id = id, Score = Round(score) };
    }

    // Follows the best path from its end, then writes it from its start; neighbouring unknown characters are one token.
    private void Emit(ReadOnlySpan<byte> text, Step[] best, TokenBuffer ids)
    {
        int next = text.Length;
        for (int end = text.Length; end > 0;)
        {
            int start = best[end].Start;
            best[start].Score = end; // the score is no longer needed: it holds where the token ends
            end = start;
        }

        bool afterUnknown = false;
        for (int start = 0; start < next;)
        {
            int end = (int)best[start].Score;
            int id = best[end].Id;
            if (id != Unknown)
            {
                ids.Add(id);
                afterUnknown = false;
            }
            else if (_byteIds is not null)
            {
                foreach (byte value in text[start..end])
                    ids.Add(_byteIds[value]);
            }
            else
            {
                if (!afterUnknown)
                    ids.Add(_unknown ?? throw new InvalidDataException($"'{Encoding.UTF8.GetString(text[start..end])}' is not in the vocabulary, which has neither byte tokens nor an unknown token."));
                afterUnknown = true;
            }

            start = end;
        }
    }

    // A byte that begins no character is one by itself.
    private static int CharacterLength(ReadOnlySpan<byte> text) =>
        text[0] < 0x80 ? 1 : Rune.DecodeFromUtf8(text, out _, out int length) == OperationStatus.Done ? length : 1;
}
