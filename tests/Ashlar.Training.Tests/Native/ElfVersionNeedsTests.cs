using System.Buffers.Binary;
using System.Text;
using Ashlar.Training.Native;

namespace Ashlar.Training.Tests.Native;

public sealed class ElfVersionNeedsTests
{
    private const int NeedsAt = 0x200;
    private const int StringsAt = 0x300;
    private const int AddressOfFile = 0x10000;

    [Fact]
    public void MarksOnlyTheNamedVersionAsWeak()
    {
        byte[] library = Library();
        byte[] expected = (byte[])library.Clone();
        expected[NeedsAt + 16 + 16 + 4] = 2; // the second auxiliary entry's flags

        Assert.Equal(1, ElfVersionNeeds.MarkWeak(library, "GLIBCXX_3.4.32"));
        Assert.Equal(expected, library);
        Assert.Equal(0, ElfVersionNeeds.MarkWeak(library, "GLIBCXX_3.4.32"));
        Assert.Equal(0, ElfVersionNeeds.MarkWeak(library, "GLIBCXX_3.4.3"));
    }

    [Fact]
    public void RefusesWhatIsNotAnElfLibrary()
    {
        Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.MarkWeak(new byte[100], "X"));
        byte[] truncated = Library()[..(NeedsAt + 20)];
        Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.MarkWeak(truncated, "GLIBCXX_3.4.32"));
    }

    // A 64-bit library of one loaded segment, whose version table needs two versions of one other library.
    private static byte[] Library()
    {
        byte[] bytes = new byte[0x400];
        "\x7f"u8.CopyTo(bytes);
        "ELF"u8.CopyTo(bytes.AsSpan(1));
        bytes[4] = 2;
        bytes[5] = 1;
        Long(32, 64);
        Short(54, 56);
        Short(56, 2);
        ProgramHeader(64, type: 1, offset: 0, address: AddressOfFile, length: 0x400);
        ProgramHeader(120, type: 2, offset: 0x100, address: AddressOfFile + 0x100, length: 0x40);
        (long Tag, long Value)[] dynamic =
            [(5, AddressOfFile + StringsAt), (0x6ffffffe, AddressOfFile + NeedsAt), (0x6fffffff, 1), (0, 0)];
        for (int i = 0; i < dynamic.Length; i++)
        {
            Long(0x100 + (16 * i), dynamic[i].Tag);
            Long(0x108 + (16 * i), dynamic[i].Value);
        }

        Short(NeedsAt, 1);
        Short(NeedsAt + 2, 2);
        Int(NeedsAt + 8, 16);
        Auxiliary(NeedsAt + 16, name: 1, next: 16);
        Auxiliary(NeedsAt + 32, name: 16, next: 0);
        Encoding.ASCII.GetBytes("\0GLIBCXX_3.4.30\0GLIBCXX_3.4.32\0").CopyTo(bytes, StringsAt);
        return bytes;

        void Short(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), value);
        void Int(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
        void Long(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), value);
        void ProgramHeader(int at, int type, long offset, long address, long length)
        {
            Int(at, type);
            Long(at + 8, offset);
            Long(at + 16, address);
            Long(at + 32, length);
            Long(at + 40, length);
        }

        void Auxiliary(int at, int name, int next)
        {
            Int(at + 8, name);
            Int(at + 12, next);
        }
    }
}
