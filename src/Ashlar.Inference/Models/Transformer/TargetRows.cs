namespace Ashlar.Inference.Models.Transformer;

/// <summary>The target tokens that go through the decoder together, one row each, with the way back through their histories.</summary>
internal sealed class TargetRows
{
    private readonly List<Row> _rows = [];
    private float[][] _paths = [];
    private int _pathLength;

    public int Count => _rows.Count;

    public int LongestSource { get; private set; }

    public int LongestTarget { get; private set; }

    public Row this[int row] => _rows[row];

    public void Clear()
    {
        Array.Clear(_paths, 0, _pathLength);
        _rows.Clear();
        (_pathLength, LongestSource, LongestTarget) = (0, 0, 0);
    }

    /// <param name="state">The token's state.</param>
    /// <param name="node">Its node.</param>
    /// <param name="token">Its id.</param>
    /// <param name="last">Whether it is the last that the state reads now.</param>
    public void Add(TransformerState state, TargetHistory node, int token, bool last)
    {
        int start = _pathLength;
        _pathLength += node.Length;
        if (_paths.Length < _pathLength)
            Array.Resize(ref _paths, Math.Max(_pathLength, 2 * _paths.Length));
        int at = _pathLength;
        for (TargetHistory? step = node; step is not null; step = step.Previous)
            _paths[--at] = step.Values;
        _rows.Add(new Row(state, token, start, node.Length, last));
        LongestSource = Math.Max(LongestSource, state.Memory.RowLength);
        LongestTarget = Math.Max(LongestTarget, node.Length);
    }

    /// <summary>The values of the nodes from a row's first token to itself.</summary>
    public ReadOnlySpan<float[]> Path(Row row) => _paths.AsSpan(row.PathStart, row.Length);

    /// <param name="State">The state that reads the token.</param>
    /// <param name="Token">Its id.</param>
    /// <param name="PathStart">Where its path begins.</param>
    /// <param name="Length">Tokens up to it, itself included.</param>
    /// <param name="Last">Whether it is the last that the state reads now.</param>
    internal readonly record struct Row(TransformerState State, int Token, int PathStart, int Length, bool Last)
    {
        public int Position => Length - 1;
    }
}
