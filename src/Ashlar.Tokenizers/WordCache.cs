using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Tokenizers;

/// <summary>
/// Ids of words seen before. Text repeats its words, so most of encoding is this look-up. A word of at most 16 Latin-1
/// characters is its own key, in one half of a cache line with its first ids; other words are compared as strings.
/// </summary>
internal sealed class WordCache
{
    private const int ShortSlots = 1 << 16;
    private const int LongestWord = 64;
    private const int LongSlots = 1 << 14;

    private static readonly ushort[] Masks = [.. Enumerable.Repeat(ushort.MaxValue, 8), .. Enumerable.Repeat((ushort)0, 8)];

    private readonly ShortWord[] _short = new ShortWord[ShortSlots];
    private readonly (string? Word, int[] Ids)[] _long = new (string?, int[])[LongSlots];

    // A word of more than three ids is kept with the long ones.
    private struct ShortWord
    {
        public Vector128<byte> Key;
        public ushort Length;
        public ushort Count;
        public int First;
        public int Second;
        public int Third;
    }

    private static ref ushort MaskStart => ref MemoryMarshal.GetArrayDataReference(Masks);

    /// <summary>Appends the ids of the first <paramref name="length"/> characters of a text, if they are a known word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAppend(ReadOnlySpan<char> text, int length, TokenBuffer ids)
    {
        if (!TryKey(text, length, out Vector128<byte> key))
            return TryAppendLong(text[..length], ids);
        ref ShortWord slot = ref Slot(key, length);
        if (slot.Length != length || slot.Key != key)
            return TryAppendLong(text[..length], ids);
        ids.Add(slot.First);
        if (slot.Count > 1)
        {
            ids.Add(slot.Second);
            if (slot.Count > 2)
                ids.Add(slot.Third);
        }

        return true;
    }

    /// <summary>Keeps the ids from <paramref name="start"/> on; a word with the same slot gives way.</summary>
    public void Remember(ReadOnlySpan<char> text, int length, TokenBuffer ids, int start)
    {
        ReadOnlySpan<int> own = ids.Ids[start..];
        if (own.Length is > 0 and <= 3 && TryKey(text, length, out Vector128<byte> key))
        {
            Slot(key, length) = new ShortWord
            {
                Key = key,
                Length = (ushort)length,
                Count = (ushort)own.Length,
                First = own[0],
                Second = own.Length > 1 ? own[1] : 0,
                Third = own.Length > 2 ? own[2] : 0,
            };
        }
        else if (length <= LongestWord)
        {
            _long[LongSlot(text[..length])] = (text[..length].ToString(), own.ToArray());
        }
    }

    // Narrows a word to bytes and clears what lies behind it. False when it is longer, not Latin-1, or so near the end of the
    // text that eight characters cannot be read at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryKey(ReadOnlySpan<char> text, int length, out Vector128<byte> key)
    {
        ref ushort start = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text));
        if (length <= 8 && text.Length >= 8)
        {
            Vector128<ushort> low = Vector128.LoadUnsafe(ref start) & Vector128.LoadUnsafe(ref MaskStart, (nuint)(8 - length));
            key = Vector128.Narrow(low, Vector128<ushort>.Zero);
            return (low & Vector128.Create((ushort)0xFF00)) == Vector128<ushort>.Zero;
        }

        if (length <= 16 && text.Length >= 16)
        {
            Vector128<ushort> low = Vector128.LoadUnsafe(ref start);
            Vector128<ushort> high = Vector128.LoadUnsafe(ref start, 8) & Vector128.LoadUnsafe(ref MaskStart, (nuint)(16 - length));
            key = Vector128.Narrow(low, high);
            return ((low | high) & Vector128.Create((ushort)0xFF00)) == Vector128<ushort>.Zero;
        }

        key = default;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref ShortWord Slot(Vector128<byte> key, int length)
    {
        ulong low = key.AsUInt64().ToScalar() + (ulong)length;
        ulong high = key.AsUInt64().GetElement(1);
        ulong hash = (low * 0x9E3779B97F4A7C15UL) ^ (high * 0xFF51AFD7ED558CCDUL);
        hash ^= hash >> 32;
        hash *= 0xD6E8FEB86659FD93UL;
        return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_short), (nint)(hash >> 48));
    }

    private bool TryAppendLong(ReadOnlySpan<char> word, TokenBuffer ids)
    {
        if (word.Length > LongestWord)
            return false;
        ref (string? Word, int[] Ids) slot = ref _long[LongSlot(word)];
        if (slot.Word is null || !word.SequenceEqual(slot.Word))
            return false;
        ids.AddRange(slot.Ids);
        return true;
    }

    private static int LongSlot(ReadOnlySpan<char> word)
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
        return (int)((hash ^ (hash >> 29)) >> 24) & (LongSlots - 1);
    }
}
