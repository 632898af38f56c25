namespace Ashlar.Inference.Models;

/// <summary>
/// The keys and values of one sequence in every layer of a decoder, in pages of 32 positions. A fork shares the pages;
/// who writes to a shared page first copies it, so a fork costs a few pointers and diverging costs one page.
/// </summary>
internal sealed class KeyValueCache
{
    public const int PageLength = 32;

    private readonly int _headCount;
    private readonly int _headWidth;
    private readonly int _pageSize;
    private readonly List<Page> _pages;

    public KeyValueCache(int layerCount, int headCount, int headWidth)
    {
        (_headCount, _headWidth) = (headCount, headWidth);
        _pageSize = checked(layerCount * headCount * 2 * PageLength * headWidth);
        _pages = [];
    }

    private KeyValueCache(KeyValueCache source)
    {
        (_headCount, _headWidth, _pageSize, Length) = (source._headCount, source._headWidth, source._pageSize, source.Length);
        foreach (Page page in source._pages)
            page.Shared = true;
        _pages = [.. source._pages];
    }

    /// <summary>Positions held.</summary>
    public int Length { get; private set; }

    public KeyValueCache Fork() => new(this);

    /// <summary>Makes room for positions <see cref="Length"/> to <paramref name="length"/> - 1 and counts them as held.</summary>
    public void Extend(int length)
    {
        for (int page = Length / PageLength; page * PageLength < length; page++)
        {
            if (page == _pages.Count)
                _pages.Add(new Page(GC.AllocateUninitializedArray<float>(_pageSize)));
            else if (_pages[page].Shared)
                _pages[page] = new Page([.. _pages[page].Values]);
        }

        Length = length;
    }

    public void Truncate(int length)
    {
        int pages = (length + PageLength - 1) / PageLength;
        _pages.RemoveRange(pages, _pages.Count - pages);
        Length = length;
    }

    /// <summary>The key of one position in one head: [headWidth].</summary>
    public Span<float> Key(int layer, int head, int position) =>
        _pages[position / PageLength].Values.AsSpan(Offset(layer, head, values: false) + position % PageLength * _headWidth, _headWidth);

    /// <summary>The value of one position in one head: [headWidth].</summary>
    public Span<float> Value(int layer, int head, int position) =>
        _pages[position / PageLength].Values.AsSpan(Offset(layer, head, values: true) + position % PageLength * _headWidth, _headWidth);

    /// <summary>The keys of one page in one head: [<see cref="PageLength"/>, headWidth].</summary>
    public ReadOnlySpan<float> Keys(int layer, int head, int page) =>
        _pages[page].Values.AsSpan(Offset(layer, head, values: false), PageLength * _headWidth);

    /// <summary>The values of one page in one head: [<see cref="PageLength"/>, headWidth].</summary>
    public ReadOnlySpan<float> Values(int layer, int head, int page) =>
        _pages[page].Values.AsSpan(Offset(layer, head, values: true), PageLength * _headWidth);

    // A page is [layer, head, key or value, position, headWidth]: what one head reads lies together.
    private int Offset(int layer, int head, bool values) =>
        ((layer * _headCount + head) * 2 + (values ? 1 : 0)) * PageLength * _headWidth;

    private sealed class Page(float[] values)
    {
        public float[] Values { get; } = values;

        public bool Shared { get; set; }
    }
}
