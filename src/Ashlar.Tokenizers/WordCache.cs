using System.Runtime.InteropServices;

namespace Ashlar.Tokenizers;

/// <summary>Ids of words seen before. Text repeats its words, so most of encoding is this look-up.</summary>
internal sealed class WordCache
{
    private const int LongestWord = 48;
    private const int Slots = 1 << 16;

    private readonly (string? Word, int[] Ids)[] _slots = new (string?, int[])[Slots];

    /// <summary>Appends the ids of a known word.</summary>
    public bool TryAppend(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.Length > LongestWord)
            return false;
        ref (string? Word, int[] Ids) slot = ref _slots[Slot(word)];
        if (slot.Word is null || !word.SequenceEqual(slot.Word))
            return false;
        if (slot.Ids.Length == 1)
            ids.Add(slot.Ids[0]);
        else
            ids.AddRange(slot.Ids);
        return true;
    }

    /// <summary>Keeps the ids from <paramref name="start"/> on; a word with the same slot gives way.</summary>
    public void Remember(ReadOnlySpan<char> word, List<int> ids, int start)
    {
        if (word.Length <= LongestWord)
            _slots[Slot(word)] = (word.ToString(), CollectionsMarshal.AsSpan(ids)[start..].ToArray());
    }

    private static int Slot(ReadOnlySpan<char> word)
    {
        ulong hash = (ulong)word.Length * 0x9E3779B97F4A7C15UL;
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(word);
        while (bytes.Length >= 8)
        {
            hash = (hash ^ MemoryMarshal.Read<ulong>(bytes)) * 0xFF51AFD7ED558CCDUL;
            hash ^= hash >> 32;
            bytes = bytes[8..];
        }

        foreach (byte value in bytes)
            hash = (hash ^ value) * 0xFF51AFD7ED558CCDUL;
        return (int)((hash ^ (hash >> 29)) >> 24) & (Slots - 1);
    }
}
