using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ashlar.Tokenizers.Models;

/// <summary>Open-addressing table from a pair of ids to the rank and the result of its merge; the hot look-up of BPE.</summary>
internal sealed class PairTable
{
    /// <summary>Rank of a pair that does not merge; above every real one.</summary>
    public const int None = int.MaxValue;

    private readonly Entry[] _entries;
    private readonly int _shift;

    /// <summary>Builds the table.</summary>
    /// <param name="merges">Merges in order of rank; the first merge of a pair wins.</param>
    /// <param name="ranks">Rank of each merge; null when its place is its rank.</param>
    public PairTable(IReadOnlyList<Merge> merges, IReadOnlyList<int>? ranks = null)
    {
        int bits = BitOperations.Log2((uint)Math.Max(merges.Count, 8)) + 2; // filled to a half at most, so that runs are short
        _shift = 64 - bits;
        _entries = new Entry[1 << bits];
        Array.Fill(_entries, new Entry { Rank = None });
        for (int i = 0; i < merges.Count; i++)
        {
            int rank = ranks is null ? i : ranks[i];
            ulong key = Key(merges[i].Left, merges[i].Right);
            int slot = Slot(key);
            while (_entries[slot].Rank != None && _entries[slot].Key != key)
                slot = (slot + 1) & (_entries.Length - 1);
            if (_entries[slot].Rank == None)
                _entries[slot] = new Entry { Key = key, Rank = rank, Result = merges[i].Result };
        }
    }

    private struct Entry
    {
        public ulong Key;
        public int Rank;
        public int Result;
    }

    /// <summary>Rank of the pair, or <see cref="None"/>, and the token it becomes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(int left, int right, out int result)
    {
        ulong key = Key(left, right);
        int slot = Slot(key);
        while (true)
        {
            ref Entry entry = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_entries), slot);
            if (entry.Key == key || entry.Rank == None)
            {
                result = entry.Result;
                return entry.Rank; // the key 0, a pair of the first token, is as good as any: an empty entry has no rank
            }

            slot = (slot + 1) & (_entries.Length - 1);
        }
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int Slot(ulong key) => (int)((key * 0x9E3779B97F4A7C15UL) >> _shift);
}
