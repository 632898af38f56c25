namespace Ashlar.Datasets.Batches;

/// <summary>Lays documents into rows; what stays free is padding that is neither attended to nor predicted.</summary>
internal sealed class RowBuilder
{
    private readonly int _rows;
    private readonly int _length;
    private readonly long[] _inputs;
    private readonly long[] _targets;
    private readonly long[] _positions;
    private readonly long[] _documents;
    private readonly int[] _used;
    private readonly int[] _count;

    public RowBuilder(int rows, int length)
    {
        _rows = rows;
        _length = length;
        _inputs = new long[rows * length];
        _targets = new long[rows * length];
        _positions = new long[rows * length];
        _documents = new long[rows * length];
        _used = new int[rows];
        _count = new int[rows];
        Array.Fill(_targets, TokenBatch.Ignored);
    }

    public void Add(int row, TokenExample piece)
    {
        int size = piece.Ids.Length - 1; // the last token is only a target
        int at = row * _length + _used[row];
        for (int i = 0; i < size; i++)
        {
            _inputs[at + i] = piece.Ids[i];
            _targets[at + i] = piece.Target(i);
            _positions[at + i] = i;
            _documents[at + i] = _count[row];
        }

        _used[row] += size;
        _count[row]++;
    }

    public TokenBatch Build()
    {
        for (int row = 0; row < _rows; row++)
        {
            for (int i = _used[row]; i < _length; i++)
            {
                // Padding is a document of its own, after the others.
                _documents[row * _length + i] = _count[row];
                _positions[row * _length + i] = i - _used[row];
            }
        }

        return new TokenBatch
        {
            Rows = _rows,
            Length = _length,
            Inputs = _inputs,
            Targets = _targets,
            Positions = _positions,
            Documents = _documents,
        };
    }
}
