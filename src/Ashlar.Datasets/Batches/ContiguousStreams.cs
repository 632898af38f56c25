using System.Text.Json.Nodes;

namespace Ashlar.Datasets.Batches;

/// <summary>
/// One long stream cut into parallel tracks, one for each row; each batch goes on where the one before ended, so that a recurrent
/// model carries its state over (truncated back-propagation through time; the <c>batchify</c> of PyTorch's word language model).
/// An epoch begins at a place drawn anew within the first row's length, so that the cuts do not always fall on the same words; what is
/// left over at the end, fewer tokens than there are rows, is passed over.
/// </summary>
public sealed class ContiguousStreams : IBatchSource
{
    private readonly int[] _tokens;
    private readonly int _rows;
    private readonly int _length;
    private readonly int? _boundary;
    private readonly RandomSource _random;
    private int _offset;
    private int _cursor;

    /// <summary>Tracks through a stream, for ever.</summary>
    /// <param name="tokens">The stream.</param>
    /// <param name="rows">Tracks.</param>
    /// <param name="length">Tokens of each track in a batch; the last batch of an epoch may be shorter.</param>
    /// <param name="seed">Of the epochs' beginnings.</param>
    /// <param name="boundary">The token that begins each document, where the state is to start anew there; null to let it go on.</param>
    /// <exception cref="InvalidDataException">The stream has no two tokens for each track.</exception>
    public ContiguousStreams(int[] tokens, int rows, int length, long seed, int? boundary = null)
    {
        if (tokens.Length < rows + 1)
            throw new InvalidDataException($"the training text has {tokens.Length} tokens; expected at least {rows + 1} for {rows} tracks.");
        (_tokens, _rows, _length, _boundary) = (tokens, rows, length, boundary);
        _random = new RandomSource(seed);
        Begin();
    }

    private int TrackLength => (_tokens.Length - 1 - _offset) / _rows;

    /// <summary>Batches in an epoch, give or take one.</summary>
    public int BatchesPerEpoch => (((_tokens.Length - 1) / _rows) + _length - 1) / _length;

    /// <summary>
    /// The stream in order, every target once: for validation. Tracks are of equal length but for the end of the last, which is padded with
    /// ignored targets.
    /// </summary>
    /// <param name="tokens">The stream.</param>
    /// <param name="rows">Tracks; 1 scores every token with all that is before it.</param>
    /// <param name="length">Tokens of each track in a batch.</param>
    /// <param name="boundary">As in the constructor.</param>
    public static IEnumerable<TokenBatch> InOrder(int[] tokens, int rows, int length, int? boundary = null)
    {
        int track = (tokens.Length - 1 + rows - 1) / rows;
        for (int start = 0; start < track; start += length)
            yield return Cut(tokens, rows, start, Math.Min(length, track - start), track, 0, boundary);
    }

    /// <inheritdoc/>
    public TokenBatch Next()
    {
        if (_cursor >= TrackLength)
            Begin();
        int length = Math.Min(_length, TrackLength - _cursor);
        TokenBatch batch = Cut(_tokens, _rows, _cursor, length, TrackLength, _offset, _boundary);
        _cursor += length;
        return batch;
    }

    /// <inheritdoc/>
    public JsonObject SaveState() => new() { ["tokens"] = _tokens.Length, ["offset"] = _offset, ["cursor"] = _cursor, ["random"] = _random.Save() };

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The state is of another stream.</exception>
    public void RestoreState(JsonObject state)
    {
        if (state["tokens"]!.GetValue<int>() != _tokens.Length)
            throw new InvalidDataException($"the training data has {_tokens.Length} tokens and had {state["tokens"]} when the state was saved; a run continues on the same data only.");
        _offset = state["offset"]!.GetValue<int>();
        _cursor = state["cursor"]!.GetValue<int>();
        _random.Restore(state["random"]!.AsArray());
    }

    private void Begin()
    {
        _cursor = 0;
        _offset = (int)_random.Next(Math.Max(1, Math.Min(_length, _tokens.Length - 1 - _rows)));
    }

    private static TokenBatch Cut(int[] tokens, int rows, int start, int length, int track, int offset, int? boundary)
    {
        long[] inputs = new long[rows * length], targets = new long[rows * length];
        long[]? positions = boundary is null ? null : new long[rows * length];
        for (int row = 0; row < rows; row++)
        {
            int first = offset + (row * track) + start;
            long position = positions is null ? 0 : PositionOf(tokens, first, boundary!.Value);
            for (int i = 0, to = row * length; i < length; i++, to++)
            {
                int at = first + i;
                bool inside = at + 1 < tokens.Length;
                inputs[to] = tokens[Math.Min(at, tokens.Length - 1)];
                targets[to] = inside ? tokens[at + 1] : TokenBatch.Ignored;
                if (positions is not null)
                    positions[to] = position = i == 0 ? position : inputs[to] == boundary ? 0 : position + 1;
            }
        }

        return new TokenBatch { Rows = rows, Length = length, Inputs = inputs, Targets = targets, Positions = positions, Continues = start > 0 };
    }

    // Tokens since the document's boundary, or since the stream's beginning.
    private static long PositionOf(int[] tokens, int at, int boundary)
    {
        int begin = Math.Min(at, tokens.Length - 1);
        while (begin > 0 && tokens[begin] != boundary)
            begin--;
        return at - begin;
    }
}
