using System.Buffers.Binary;
using System.Text;

namespace Ashlar.Shared.Gguf;

/// <summary>Parses the header of one GGUF file from a stream; see <see cref="GgufHeader"/>.</summary>
internal sealed class GgufReader(Stream stream, string path)
{
    private const int MaximumDepth = 8;         // arrays of arrays of ...
    private const int MaximumDimensions = 4;    // ggml's own limit
    private const int DefaultAlignment = 32;

    private readonly long _length = stream.Length;
    private readonly byte[] _scratch = new byte[8];
    private long _position;

    /// <summary>Reads magic, version, metadata and tensor table.</summary>
    public GgufHeader ReadHeader()
    {
        if (_length < 4 || !ReadBytes(4, "the magic number").AsSpan().SequenceEqual("GGUF"u8))
            throw new InvalidDataException($"'{path}' is not a GGUF file: it does not begin with the bytes 'GGUF'.");

        uint version = ReadUInt32("the version");
        if (version is not (2 or 3))
        {
            string why = BinaryPrimitives.ReverseEndianness(version) is 2 or 3
                ? "it is big-endian, and only little-endian files can be read"
                : $"its version is {version}, and only versions 2 and 3 can be read";
            throw new InvalidDataException($"GGUF file '{path}' can't be read: {why}.");
        }

        // The shortest tensor entry is name length, one dimension count, type and offset; the shortest metadata
        // entry is key length, type and one byte. More entries than that many bytes allow can't be there.
        long tensorCount = ReadCount("the number of tensors", 8 + 4 + 4 + 8);
        long metadataCount = ReadCount("the number of metadata entries", 8 + 4 + 1);

        Dictionary<string, object> metadata = new(StringComparer.Ordinal);
        for (long i = 0; i < metadataCount; i++)
        {
            string key = ReadString("a metadata key");
            object value = ReadValue(ReadUInt32($"the type of key '{key}'"), key, 0);
            if (!metadata.TryAdd(key, value))
                throw Corrupt($"metadata key '{key}' is there twice");
        }

        int alignment = DefaultAlignment;
        if (metadata.TryGetValue("general.alignment", out object? stated))
        {
            if (stated is not uint number || number == 0 || number > 1 << 20 || (number & (number - 1)) != 0)
                throw Corrupt("key 'general.alignment' is not a power of two");
            alignment = (int)number;
        }

        List<(string Name, GgmlType Type, long[] Dimensions, ulong Offset)> entries = [];
        for (long i = 0; i < tensorCount; i++)
            entries.Add(ReadTensorEntry());

        long dataOffset = (_position + alignment - 1) / alignment * alignment;
        List<GgufTensorInfo> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach ((string name, GgmlType type, long[] dimensions, ulong offset) in entries)
        {
            if (!names.Add(name))
                throw Corrupt($"tensor '{name}' is there twice");
            tensors.Add(Locate(name, type, dimensions, offset, dataOffset, alignment));
        }

        return new GgufHeader(path, version, metadata, tensors, alignment, dataOffset);
    }

    private (string, GgmlType, long[], ulong) ReadTensorEntry()
    {
        string name = ReadString("a tensor name");
        uint dimensionCount = ReadUInt32($"the number of dimensions of tensor '{name}'");
        if (dimensionCount > MaximumDimensions)
            throw Corrupt($"tensor '{name}' has {dimensionCount} dimensions, more than {MaximumDimensions}");
        long[] dimensions = new long[dimensionCount];
        for (int d = 0; d < dimensions.Length; d++)
        {
            ulong size = ReadUInt64($"a dimension of tensor '{name}'");
            dimensions[d] = size <= long.MaxValue ? (long)size : throw Corrupt($"a dimension of tensor '{name}' is {size}");
        }

        uint type = ReadUInt32($"the type of tensor '{name}'");
        return (name, (GgmlType)type, dimensions, ReadUInt64($"the offset of tensor '{name}'"));
    }

    private GgufTensorInfo Locate(string name, GgmlType type, long[] dimensions, ulong offset, long dataOffset, int alignment)
    {
        if (!GgmlTypeLayout.TryGetBlock(type, out int blockValues, out int blockBytes))
            throw new InvalidDataException($"GGUF file '{path}': tensor '{name}' is of type number {(uint)type}, which is not known.");
        try
        {
            checked
            {
                long values = 1;
                foreach (long size in dimensions)
                    values *= size;
                if (dimensions.Length > 0 && dimensions[0] % blockValues != 0 || values % blockValues != 0)
                    throw Corrupt($"a row of tensor '{name}' is not a whole number of {type} blocks of {blockValues} values");
                long bytes = values / blockValues * blockBytes;
                if (offset % (ulong)alignment != 0)
                    throw Corrupt($"the offset {offset} of tensor '{name}' is not a multiple of the alignment {alignment}");
                long start = dataOffset + (long)offset;
                if (start + bytes > _length)
                    throw new InvalidDataException(
                        $"GGUF file '{path}' is truncated: tensor '{name}' ends at byte {start + bytes}, and the file has {_length} bytes.");
                return new GgufTensorInfo(name, type, dimensions, start, bytes);
            }
        }
        catch (OverflowException)
        {
            throw Corrupt($"the size or offset of tensor '{name}' is beyond any file");
        }
    }

    private object ReadValue(uint type, string key, int depth) => type switch
    {
        0 => ReadBytes(1, key)[0],
        1 => (sbyte)ReadBytes(1, key)[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(Fill(2, key)),
        3 => BinaryPrimitives.ReadInt16LittleEndian(Fill(2, key)),
        4 => ReadUInt32(key),
        5 => (int)ReadUInt32(key),
        6 => BinaryPrimitives.ReadSingleLittleEndian(Fill(4, key)),
        7 => ReadBytes(1, key)[0] != 0,
        8 => ReadString(key),
        9 => ReadArray(key, depth),
        10 => ReadUInt64(key),
        11 => (long)ReadUInt64(key),
        12 => BinaryPrimitives.ReadDoubleLittleEndian(Fill(8, key)),
        _ => throw Corrupt($"key '{key}' is of type number {type}, which is not known"),
    };

    private object ReadArray(string key, int depth)
    {
        if (depth >= MaximumDepth)
            throw Corrupt($"key '{key}' holds arrays nested deeper than {MaximumDepth}");
        uint type = ReadUInt32(key);
        int count = (int)Math.Min(int.MaxValue, ReadCount($"the length of array '{key}'", MinimumBytes(type, key)));
        switch (type)
        {
            case 0: return ReadBytes(count, key);
            case 1: return Numbers(count, 1, key, b => (sbyte)b[0]);
            case 2: return Numbers(count, 2, key, b => BinaryPrimitives.ReadUInt16LittleEndian(b));
            case 3: return Numbers(count, 2, key, b => BinaryPrimitives.ReadInt16LittleEndian(b));
            case 4: return Numbers(count, 4, key, b => BinaryPrimitives.ReadUInt32LittleEndian(b));
            case 5: return Numbers(count, 4, key, b => BinaryPrimitives.ReadInt32LittleEndian(b));
            case 6: return Numbers(count, 4, key, b => BinaryPrimitives.ReadSingleLittleEndian(b));
            case 7: return Numbers(count, 1, key, b => b[0] != 0);
            case 10: return Numbers(count, 8, key, b => BinaryPrimitives.ReadUInt64LittleEndian(b));
            case 11: return Numbers(count, 8, key, b => BinaryPrimitives.ReadInt64LittleEndian(b));
            case 12: return Numbers(count, 8, key, b => BinaryPrimitives.ReadDoubleLittleEndian(b));
            case 8:
                string[] texts = new string[count];
                for (int i = 0; i < count; i++)
                    texts[i] = ReadString(key);
                return texts;
            default:
                object[] arrays = new object[count];
                for (int i = 0; i < count; i++)
                    arrays[i] = ReadArray(key, depth + 1);
                return arrays;
        }
    }

    private delegate T Parse<T>(ReadOnlySpan<byte> bytes);

    private T[] Numbers<T>(int count, int size, string key, Parse<T> parse)
    {
        T[] values = new T[count];
        for (int i = 0; i < count; i++)
            values[i] = parse(Fill(size, key));
        return values;
    }

    private int MinimumBytes(uint type, string key) => type switch
    {
        0 or 1 or 7 => 1,
        2 or 3 => 2,
        4 or 5 or 6 => 4,
        8 or 10 or 11 or 12 => 8,
        9 => 12,
        _ => throw Corrupt($"array '{key}' is of type number {type}, which is not known"),
    };

    private long ReadCount(string what, int minimumBytesEach)
    {
        ulong count = ReadUInt64(what);
        long possible = (_length - _position) / minimumBytesEach;
        if (count > (ulong)possible || count > int.MaxValue)
            throw Corrupt($"{what} is {count}, more than the rest of the file can hold");
        return (long)count;
    }

    private string ReadString(string what)
    {
        ulong length = ReadUInt64(what);
        if (length > (ulong)(_length - _position) || length > int.MaxValue)
            throw Corrupt($"a string in {what} is {length} bytes long, more than the rest of the file");
        return Encoding.UTF8.GetString(ReadBytes((int)length, what));
    }

    private uint ReadUInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Fill(4, what));

    private ulong ReadUInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Fill(8, what));

    private ReadOnlySpan<byte> Fill(int count, string what)
    {
        Span<byte> span = _scratch.AsSpan(0, count);
        ReadExactly(span, what);
        return span;
    }

    private byte[] ReadBytes(int count, string what)
    {
        byte[] bytes = new byte[count];
        ReadExactly(bytes, what);
        return bytes;
    }

    private void ReadExactly(Span<byte> destination, string what)
    {
        if (_position + destination.Length > _length)
            throw new InvalidDataException($"GGUF file '{path}' is truncated: it ends at byte {_length}, inside {what}.");
        stream.ReadExactly(destination);
        _position += destination.Length;
    }

    private InvalidDataException Corrupt(string what) => new($"GGUF file '{path}' is corrupt: {what}.");
}
