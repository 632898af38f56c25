using System.Text.Json.Nodes;

namespace Ashlar.Datasets.Batches;

/// <summary>
/// Whole documents laid side by side in rows, best fit first. Positions start anew in each document and attention stays inside
/// it, so a packed row trains exactly as its documents would alone. A document longer than a row is split.
/// </summary>
public sealed class PackedRows : IBatchSource
{
    private const int BufferedPieces = 512;

    private readonly List<TokenExample> _pieces;
    private readonly int _rows;
    private readonly int _length;
    private readonly RandomSource _random;
    private readonly List<int> _buffer = [];
    private int[] _order = [];
    private int _cursor;

    /// <summary>Packs examples for ever, in a new order each epoch.</summary>
    /// <exception cref="InvalidDataException">No example has two tokens.</exception>
    public PackedRows(IEnumerable<TokenExample> examples, int rows, int length, long seed)
    {
        _pieces = [.. examples.SelectMany(example => example.Split(length))];
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
                TokenExample piece = _pieces[_buffer[best]];
                builder.Add(row, piece);
                free -= piece.Ids.Length - 1;
                _buffer.RemoveAt(best);
            }
        }

        return builder.Build();
    }

    /// <inheritdoc/>
    public JsonObject SaveState() => new()
    {
        ["random"] = _random.Save(),
        ["order"] = new JsonArray([.. _order.Select(index => (JsonNode)index)]),
        ["cursor"] = _cursor,
        ["buffer"] = new JsonArray([.. _buffer.Select(index => (JsonNode)index)]),
    };

    /// <inheritdoc/>
    public void RestoreState(JsonObject state)
    {
        _random.Restore(state["random"]!.AsArray());
        _order = [.. state["order"]!.AsArray().Select(node => node!.GetValue<int>())];
        _cursor = state["cursor"]!.GetValue<int>();
        _buffer.Clear();
        _buffer.AddRange(state["buffer"]!.AsArray().Select(node => node!.GetValue<int>()));
    }

    // The longest buffered piece that fits; the earliest among equals, so that nothing waits for ever.
    private int BestFit(int free)
    {
        int best = -1;
        for (int i = 0; i < _buffer.Count; i++)
        {
            int size = _pieces[_buffer[i]].Ids.Length - 1;
            if (size <= free && (best < 0 || size > _pieces[_buffer[best]].Ids.Length - 1))
                best = i;
        }

        return best;
    }

    private void Fill()
    {
        while (_buffer.Count < Math.Min(BufferedPieces, _pieces.Count))
        {
            if (_cursor == _order.Length)
            {
                _order = [.. Enumerable.Range(0, _pieces.Count)];
                _random.Shuffle(_order);
                _cursor = 0;
            }

            _buffer.Add(_order[_cursor++]);
        }
    }
}
