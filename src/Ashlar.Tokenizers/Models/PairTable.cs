namespace Ashlar.Tokenizers.Models;

/// <summary>Open-addressing table from a pair of ids to the rank of its merge; the hot look-up of BPE.</summary>
internal sealed class PairTable
{
    /// <summary>Rank of a pair that does not merge; above every real one.</summary>
    public const int None = int.MaxValue;

    private readonly ulong[] _keys;
    private readonly int[] _ranks;
    private readonly int[] _merged;
    private readonly int _mask;

    public PairTable(IReadOnlyList<Merge> merges)
    {
        int capacity = 16;
        while (capacity < merges.Count * 2)
            capacity *= 2;
        _keys = new ulong[capacity];
        _ranks = new int[capacity];
        _mask = capacity - 1;
        Array.Fill(_ranks, None);
        _merged = new int[merges.Count];
        for (int rank = 0; rank < merges.Count; rank++)
        {
            ulong key = Key(merges[rank].Left, merges[rank].Right);
            int slot = Slot(key);
            while (_ranks[slot] != None && _keys[slot] != key)
                slot = (slot + 1) & _mask;
            _merged[rank] = merges[rank].Result;
            if (_ranks[slot] != None)
                continue; // the first merge of a pair wins
            _keys[slot] = key;
            _ranks[slot] = rank;
        }
    }

    /// <summary>Rank of the pair, or <see cref="None"/>.</summary>
    public int Rank(int left, int right)
    {
        ulong key = Key(left, right);
        int slot = Slot(key);
        while (_ranks[slot] != None)
        {
            if (_keys[slot] == key)
                return _ranks[slot];
            slot = (slot + 1) & _mask;
        }

        return None;
    }

    /// <summary>The token a merge of this rank gives.</summary>
    public int Merged(int rank) => _merged[rank];

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int Slot(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> 32) & _mask;
}
