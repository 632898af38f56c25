using System.Buffers.Binary;

namespace Ashlar.Tokenizers.Files;

/// <summary>
/// Reads the wire format of protocol buffers: fields of a number and a kind, one after the other. What the numbers mean is the
/// caller's business.
/// </summary>
/// <param name="message">The bytes of one message.</param>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _at;

    /// <summary>Number of the field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>Value of a whole-number field.</summary>
    public ulong Number { get; private set; }

    /// <summary>Value of a 32-bit float field.</summary>
    public float Single { get; private set; }

    /// <summary>Value of a field of bytes: a string, bytes or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Whether the field has bytes.</summary>
    public bool HasBytes { get; private set; }

    /// <summary>Reads the next field.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">The message is cut short or damaged.</exception>
    public bool Next()
    {
        if (_at == _message.Length)
            return false;
        ulong key = Varint();
        Field = (int)(key >> 3);
        HasBytes = false;
        Bytes = default;
        switch (key & 7)
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case 2:
                ulong length = Varint();
                Bytes = Take(length > int.MaxValue ? int.MaxValue : (int)length);
                HasBytes = true;
                break;
            case 5:
                ReadOnlySpan<byte> four = Take(4);
                Single = BinaryPrimitives.ReadSingleLittleEndian(four);
                Number = BinaryPrimitives.ReadUInt32LittleEndian(four);
                break;
            default:
                throw new InvalidDataException($"not a protocol buffer: byte {_at} has the wire type {key & 7}.");
        }

        if (Field == 0)
            throw new InvalidDataException($"not a protocol buffer: a field before byte {_at} has the number 0.");
        return true;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        throw new InvalidDataException($"not a protocol buffer: the number before byte {_at} does not end.");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _message.Length - _at)
            throw new InvalidDataException($"cut short: {count} bytes are wanted at byte {_at} of a message of {_message.Length}.");
        _at += count;
        return _message.Slice(_at - count, count);
    }
}
