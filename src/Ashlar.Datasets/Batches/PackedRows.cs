using System.Text.Json.Nodes;
using Ashlar.Datasets.Shards;

namespace Ashlar.Datasets.Batches;

/// <summary>
/// Whole documents laid side by side in rows, best fit first. Positions start anew in each document and attention stays inside
/// it, so a packed row trains exactly as its documents would alone. A document longer than a row is split.
/// Documents are read when their turn comes, so that a <see cref="TokenShardSet"/> may be larger than memory; what is held
/// of each piece is where it lies (16 bytes), and the buffer.
/// </summary>
public sealed class PackedRows : IBatchSource
{
    private const int BufferedPieces = 512;

    private readonly IReadOnlyList<TokenExample> _documents;
    private readonly List<Piece> _pieces = [];
    private readonly int _rows;
    private readonly int _length;
    private readonly RandomSource _random;
    private readonly List<int> _buffer = [];
    private JsonArray _epochRandom = [];
    private int[] _order = [];
    private int _cursor;

    /// <summary>Packs examples for ever, in a new order each epoch.</summary>
    /// <exception cref="InvalidDataException">No example has two tokens.</exception>
    public PackedRows(IEnumerable<TokenExample> examples, int rows, int length, long seed)
    {
        _documents = examples as IReadOnlyList<TokenExample> ?? [.. examples];
        for (int document = 0; document < _documents.Count; document++)
        {
            int tokens = _documents is TokenShardSet shards ? checked((int)shards.DocumentLength(document)) : _documents[document].Ids.Length;
            for (int start = 0; start + 1 < tokens; start += length)
                _pieces.Add(new Piece(document, start, Math.Min(length, tokens - 1 - start)));
        }

        if (_pieces.Count == 0)
            throw new InvalidDataException("the training data holds no document of at least two tokens.");
        _rows = rows;
        _length = length;
        _random = new RandomSource(seed);
    }

    /// <inheritdoc/>
    public TokenBatch Next()
    {
        RowBuilder builder = new(_rows, _length);
        for (int row = 0; row < _rows; row++)
        {
            int free = _length;
            while (free > 0)
            {
                Fill();
                int best = BestFit(free);
                if (best < 0)
                    break;
                Piece piece = _pieces[_buffer[best]];
                builder.Add(row, _documents[piece.Document].Piece(piece.Start, piece.Size));
                free -= piece.Size;
                _buffer.RemoveAt(best);
            }
        }

        return builder.Build();
    }

    /// <inheritdoc/>
    public JsonObject SaveState() => new()
    {
        ["pieces"] = _pieces.Count,
        ["random"] = _random.Save(),
        ["epochRandom"] = _epochRandom.DeepClone(),
        ["cursor"] = _cursor,
        ["buffer"] = new JsonArray([.. _buffer.Select(index => (JsonNode)index)]),
    };

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The state is of other documents.</exception>
    public void RestoreState(JsonObject state)
    {
        if (state["pieces"]!.GetValue<int>() != _pieces.Count)
            throw new InvalidDataException($"the training data has {_pieces.Count} pieces and had {state["pieces"]} when the state was saved; a run continues on the same data only.");

        // The order of an epoch is not stored but drawn again: it would be as long as the corpus.
        _order = [];
        _epochRandom = state["epochRandom"]!.DeepClone().AsArray();
        if (_epochRandom.Count > 0)
        {
            _random.Restore(_epochRandom);
            Shuffle();
        }

        _random.Restore(state["random"]!.AsArray());
        _cursor = state["cursor"]!.GetValue<int>();
        _buffer.Clear();
        _buffer.AddRange(state["buffer"]!.AsArray().Select(node => node!.GetValue<int>()));
    }

    // The longest buffered piece that fits; the earliest among equals, so that nothing waits for ever.
    private int BestFit(int free)
    {
        int best = -1;
        int bestSize = 0;
        for (int i = 0; i < _buffer.Count && bestSize < free; i++)
        {
            int size = _pieces[_buffer[i]].Size;
            if (size <= free && size > bestSize)
                (best, bestSize) = (i, size);
        }

        return best;
    }

    private void Fill()
    {
        while (_buffer.Count < Math.Min(BufferedPieces, _pieces.Count))
        {
            if (_cursor == _order.Length)
            {
                _epochRandom = _random.Save();
                Shuffle();
                _cursor = 0;
            }

            _buffer.Add(_order[_cursor++]);
        }
    }

    private void Shuffle()
    {
        _order = [.. Enumerable.Range(0, _pieces.Count)];
        _random.Shuffle(_order);
    }

    // Where a piece begins in its document, and how many inputs it has; it takes one token more.
    private readonly record struct Piece(int Document, int Start, int Size);
}
