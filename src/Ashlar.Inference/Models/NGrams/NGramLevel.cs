namespace Ashlar.Inference.Models.NGrams;

/// <summary>One order of a memory-mapped model, read where it lies.</summary>
internal sealed unsafe class NGramLevel
{
    private readonly string _path;
    private readonly bool _isRoot;
    private readonly void* _words;
    private readonly int _wordBytes;
    private readonly byte* _counts;
    private readonly uint* _wideNodes;
    private readonly uint* _wideValues;
    private readonly uint* _starts;
    private readonly uint* _denominators;
    private readonly float* _probabilities;
    private readonly float* _backoffs;
    private readonly int _wideCount;

    /// <summary>Lays a level over mapped sections; the caller has checked that each lies within the file.</summary>
    /// <param name="path">The file's name, for messages.</param>
    /// <param name="file">Where the file begins in memory.</param>
    /// <param name="sections">Where the sections begin in the file; 0 for one that is absent, as all are of an order without n-grams.</param>
    /// <param name="nodes">Number of n-grams.</param>
    /// <param name="wideCount">Number of counts that do not fit into a byte.</param>
    /// <param name="wordBytes">Bytes of a token id.</param>
    /// <param name="isRoot">Whether this is order 1, whose node i is token i.</param>
    public NGramLevel(string path, byte* file, ReadOnlySpan<long> sections, uint nodes, int wideCount, int wordBytes, bool isRoot)
    {
        _isRoot = isRoot;
        _path = path;
        Nodes = nodes;
        _wideCount = wideCount;
        _wordBytes = wordBytes;
        byte* At(long offset) => offset == 0 ? null : file + offset;
        _words = At(sections[0]);
        _counts = At(sections[1]);
        _wideNodes = (uint*)At(sections[2]);
        _wideValues = (uint*)At(sections[3]);
        _starts = (uint*)At(sections[4]);
        _denominators = (uint*)At(sections[5]);
        _probabilities = (float*)At(sections[6]);
        _backoffs = (float*)At(sections[7]);
    }

    /// <summary>Number of n-grams.</summary>
    public uint Nodes { get; }

    /// <summary>Nodes of the next order; what <see cref="Children"/> must stay within.</summary>
    public uint NextNodes { get; init; }

    /// <summary>Whether counts of rare children are missing, so that <see cref="Denominator"/> says what they add up to.</summary>
    public bool HasDenominators => _denominators is not null;

    /// <summary>The last token of an n-gram.</summary>
    public int Word(uint node) => _isRoot ? (int)node : _wordBytes == 2 ? ((ushort*)_words)[node] : ((int*)_words)[node];

    /// <summary>The count of an n-gram.</summary>
    public uint Count(uint node)
    {
        byte small = _counts[node];
        return small < NGramFileLayout.Wide ? small : WideCount(node);
    }

    /// <summary>Where the n-grams that continue this one lie in the next order.</summary>
    public (uint Start, uint End) Children(uint node)
    {
        if (_starts is null || node >= Nodes)
            throw Damaged();
        (uint start, uint end) = (_starts[node], _starts[node + 1]);
        return start <= end && end <= NextNodes ? (start, end) : throw Damaged();
    }

    /// <summary>What the counts of the children are divided by.</summary>
    public uint Denominator(uint node) => _denominators[node];

    /// <summary>log10 of a probability.</summary>
    public float Probability(uint node) => _probabilities[node];

    /// <summary>log10 of a back-off weight.</summary>
    public float Backoff(uint node) => _backoffs is null ? 0 : _backoffs[node];

    /// <summary>The node of a token among nodes from start to end, by binary search.</summary>
    public bool TryFind(uint start, uint end, int word, out uint node)
    {
        if (_isRoot)
        {
            node = (uint)word;
            return true;
        }

        uint low = start, high = end;
        while (low < high)
        {
            uint middle = low + ((high - low) / 2);
            if (Word(middle) < word)
                low = middle + 1;
            else
                high = middle;
        }

        node = low;
        return low < end && Word(low) == word;
    }

    private uint WideCount(uint node)
    {
        int low = 0, high = _wideCount;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_wideNodes[middle] < node)
                low = middle + 1;
            else
                high = middle;
        }

        return low < _wideCount && _wideNodes[low] == node ? _wideValues[low] : throw Damaged();
    }

    private InvalidDataException Damaged() => new($"{_path}: a table points outside itself; the file is damaged.");
}
