using System.Buffers.Binary;
using System.Text;

namespace Ashlar.Training.Native;

/// <summary>
/// The symbol versions that an ELF library asks of other libraries (<c>.gnu.version_r</c>; Drepper, "ELF Symbol Versioning").
/// A version marked weak may be absent: the loader then goes on, and only a use of a symbol that carries it would fail.
/// </summary>
internal static class ElfVersionNeeds
{
    private const int ProgramHeaderLoad = 1;
    private const int ProgramHeaderDynamic = 2;
    private const long TagStringTable = 5;
    private const long TagVersionNeeds = 0x6ffffffe;
    private const long TagVersionNeedsCount = 0x6fffffff;
    private const ushort FlagWeak = 2;

    /// <summary>Marks every need of the version as weak, in place, and returns how many were not so before.</summary>
    /// <exception cref="InvalidDataException">Not a 64-bit little-endian ELF library, or its tables lead outside the file.</exception>
    public static int MarkWeak(Span<byte> library, string version)
    {
        if (library.Length < 64 || !library[..4].SequenceEqual("\x7f"u8 + "ELF"u8) || library[4] != 2 || library[5] != 1)
            throw new InvalidDataException("Not a 64-bit little-endian ELF library.");
        try
        {
            return MarkWeakUnchecked(library, version);
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("The ELF library's tables lead outside the file.", error);
        }
    }

    private static int MarkWeakUnchecked(Span<byte> library, string version)
    {
        ProgramHeaders headers = ProgramHeaders.Of(library);
        long strings = 0, needs = 0, needsCount = 0;
        ReadOnlySpan<byte> dynamic = library.Slice(headers.DynamicOffset, headers.DynamicLength);
        for (; dynamic.Length >= 16; dynamic = dynamic[16..])
        {
            long value = BinaryPrimitives.ReadInt64LittleEndian(dynamic[8..]);
            switch (BinaryPrimitives.ReadInt64LittleEndian(dynamic))
            {
                case TagStringTable: strings = value; break;
                case TagVersionNeeds: needs = value; break;
                case TagVersionNeedsCount: needsCount = value; break;
            }
        }

        if (needs == 0 || strings == 0)
            return 0;

        int marked = 0;
        int stringsAt = headers.FileOffset(library, strings);
        int needAt = headers.FileOffset(library, needs);
        for (long need = 0; need < needsCount; need++)
        {
            // Verneed: version u16, count u16, file u32, first auxiliary entry u32, next need u32.
            int count = BinaryPrimitives.ReadUInt16LittleEndian(library[(needAt + 2)..]);
            int entryAt = checked(needAt + (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(needAt + 8)..]));
            for (int entry = 0; entry < count; entry++)
            {
                // Vernaux: hash u32, flags u16, other u16, name u32, next u32.
                int nameAt = checked(stringsAt + (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(entryAt + 8)..]));
                ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(library[(entryAt + 4)..]);
                if ((flags & FlagWeak) == 0 && NameIs(library[nameAt..], version))
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(library[(entryAt + 4)..], (ushort)(flags | FlagWeak));
                    marked++;
                }

                entryAt = checked(entryAt + (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(entryAt + 12)..]));
            }

            needAt = checked(needAt + (int)BinaryPrimitives.ReadUInt32LittleEndian(library[(needAt + 12)..]));
        }

        return marked;
    }

    private static bool NameIs(ReadOnlySpan<byte> at, string version)
    {
        int end = at.IndexOf((byte)0);
        return end >= 0 && at[..end].SequenceEqual(Encoding.ASCII.GetBytes(version));
    }

    // Where the dynamic section lies, and how addresses in memory become offsets in the file.
    private readonly record struct ProgramHeaders(long TableOffset, int EntrySize, int Count, int DynamicOffset, int DynamicLength)
    {
        public static ProgramHeaders Of(ReadOnlySpan<byte> library)
        {
            long table = BinaryPrimitives.ReadInt64LittleEndian(library[32..]);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(library[54..]);
            int count = BinaryPrimitives.ReadUInt16LittleEndian(library[56..]);
            for (int index = 0; index < count; index++)
            {
                ReadOnlySpan<byte> header = library[checked((int)(table + (index * size)))..];
                if (BinaryPrimitives.ReadInt32LittleEndian(header) == ProgramHeaderDynamic)
                {
                    return new ProgramHeaders(
                        table, size, count,
                        checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[8..])),
                        checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[32..])));
                }
            }

            throw new InvalidDataException("The ELF library has no dynamic section.");
        }

        public int FileOffset(ReadOnlySpan<byte> library, long address)
        {
            for (int index = 0; index < Count; index++)
            {
                ReadOnlySpan<byte> header = library[checked((int)(TableOffset + (index * EntrySize)))..];
                long offset = BinaryPrimitives.ReadInt64LittleEndian(header[8..]);
                long start = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
                long length = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
                if (BinaryPrimitives.ReadInt32LittleEndian(header) == ProgramHeaderLoad && address >= start && address < start + length)
                    return checked((int)(address - start + offset));
            }

            throw new InvalidDataException("The ELF library's tables lead outside the file.");
        }
    }
}
