using System.Collections;
using Ashlar.Datasets.Shards;

namespace Ashlar.Datasets.Batches;

/// <summary>
/// Held-out documents as batches of rows of like length, every target once, always in the same order. A batch is built when it is
/// asked for, so that the documents of a <see cref="TokenShardSet"/> may be larger than memory.
/// </summary>
public sealed class DocumentBatches : IReadOnlyList<TokenBatch>
{
    private readonly IReadOnlyList<TokenExample> _documents;
    private readonly (int Document, int Start, int Size)[] _pieces;
    private readonly int _rows;

    /// <summary>Batches of at most <paramref name="rows"/> rows of at most <paramref name="length"/> tokens.</summary>
    public DocumentBatches(IReadOnlyList<TokenExample> documents, int rows, int length)
    {
        (_documents, _rows) = (documents, rows);
        List<(int Document, int Start, int Size)> pieces = [];
        for (int document = 0; document < documents.Count; document++)
        {
            int tokens = documents is TokenShardSet shards ? checked((int)shards.DocumentLength(document)) : documents[document].Ids.Length;
            for (int start = 0; start + 1 < tokens; start += length)
                pieces.Add((document, start, Math.Min(length, tokens - 1 - start)));
        }

        _pieces = [.. pieces.OrderBy(piece => piece.Size)];
    }

    /// <inheritdoc/>
    public int Count => (_pieces.Length + _rows - 1) / _rows;

    /// <inheritdoc/>
    public TokenBatch this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            Span<(int Document, int Start, int Size)> group = _pieces.AsSpan(index * _rows, Math.Min(_rows, _pieces.Length - index * _rows));
            RowBuilder builder = new(group.Length, group[^1].Size); // the last is the longest
            for (int row = 0; row < group.Length; row++)
                builder.Add(row, _documents[group[row].Document].Piece(group[row].Start, group[row].Size));
            return builder.Build();
        }
    }

    /// <inheritdoc/>
    public IEnumerator<TokenBatch> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
