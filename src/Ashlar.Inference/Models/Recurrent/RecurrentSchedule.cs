namespace Ashlar.Inference.Models.Recurrent;

/// <summary>
/// In which order the tokens of several sequences go through the graph: step by step, and within a step the longest sequence
/// first, so that the sequences still going on are always the first rows. Cut into blocks of bounded size.
/// </summary>
internal sealed class RecurrentSchedule
{
    // Rows of a block: enough to use each weight of a projection well, few enough to bound the working memory.
    private const int RowBlock = 256;

    private readonly List<int> _tokens = [];
    private readonly List<int> _steps = [];
    private readonly List<(int Target, int Row)> _selected = [];
    private int[] _order = [];
    private int[] _lengths = [];
    private int[] _offsets = [];
    private int _count;
    private int _next;

    /// <summary>Index of the sequence that takes each place.</summary>
    public ReadOnlySpan<int> Order => _order.AsSpan(0, _count);

    /// <summary>Token of each row of the block.</summary>
    public ReadOnlySpan<int> Tokens => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Rows of each step of the block: how many of the first places go on.</summary>
    public ReadOnlySpan<int> Steps => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_steps);

    /// <summary>Rows whose logits are wanted and their places in the result, in the order of the places.</summary>
    public ReadOnlySpan<(int Target, int Row)> Selected => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_selected);

    /// <summary>Begins with new sequences.</summary>
    public void Start(ReadOnlySpan<ReadOnlyMemory<int>> sequences)
    {
        _count = sequences.Length;
        _next = 0;
        if (_order.Length < _count)
            (_order, _lengths, _offsets) = (new int[_count], new int[_count], new int[_count]);
        int offset = 0;
        for (int i = 0; i < _count; i++)
        {
            (_order[i], _lengths[i], _offsets[i]) = (i, sequences[i].Length, offset);
            offset += sequences[i].Length;
        }

        if (_count > 1)
            Sort();
    }

    /// <summary>Lays out the next block; false when there is none.</summary>
    public bool TryNext(ReadOnlySpan<ReadOnlyMemory<int>> sequences, LogitsSelection selection)
    {
        _tokens.Clear();
        _steps.Clear();
        _selected.Clear();
        for (int active = Active(_next); active > 0; active = Active(_next))
        {
            if (_tokens.Count > 0 && _tokens.Count + active > RowBlock)
                break;
            for (int place = 0; place < active; place++)
            {
                int sequence = _order[place];
                if (selection == LogitsSelection.All)
                    _selected.Add((_offsets[sequence] + _next, _tokens.Count));
                else if (_next == _lengths[sequence] - 1)
                    _selected.Add((sequence, _tokens.Count));
                _tokens.Add(sequences[sequence].Span[_next]);
            }

            _steps.Add(active);
            _next++;
        }

        if (_count > 1)
            _selected.Sort();
        return _tokens.Count > 0;
    }

    // By falling length, and as given among equals.
    private void Sort() => _order.Take(_count).OrderByDescending(i => _lengths[i]).ToArray().CopyTo(_order, 0);

    private int Active(int step)
    {
        int active = _count;
        while (active > 0 && _lengths[_order[active - 1]] <= step)
            active--;
        return active;
    }
}
