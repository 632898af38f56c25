using System.Runtime.CompilerServices;

namespace Ashlar.Tokenizers;

/// <summary>Ids as they are produced: a growing array without the bookkeeping of a list, for it is written once a word.</summary>
internal sealed class TokenBuffer(int capacity = 16)
{
    private int[] _ids = new int[Math.Max(capacity, 16)];

    /// <summary>Number of ids.</summary>
    public int Count { get; private set; }

    /// <summary>The ids so far; valid until the next id is added.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int id)
    {
        int[] ids = _ids;
        int count = Count;
        if ((uint)count < (uint)ids.Length)
        {
            ids[count] = id;
            Count = count + 1;
        }
        else
        {
            Grow(1);
            Add(id);
        }
    }

    public void AddRange(ReadOnlySpan<int> ids)
    {
        if (ids.Length > _ids.Length - Count)
            Grow(ids.Length);
        ids.CopyTo(_ids.AsSpan(Count));
        Count += ids.Length;
    }

    public int[] ToArray() => Ids.ToArray();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int more) => Array.Resize(ref _ids, (int)Math.Min(Array.MaxLength, Math.Max(_ids.Length * 2L, (long)Count + more)));
}
