using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Ashlar.Training.Reporting;

/// <summary>
/// Scalars as TensorBoard reads them: an <c>events.out.tfevents.*</c> file of TFRecords (length, masked CRC-32C, bytes, masked CRC-32C;
/// tensorflow/core/lib/io/record_writer.h) that hold Event messages (tensorflow/core/util/event.proto), in the version-2 form. A run
/// that continues begins a new file, whose session start tells the reader to drop what earlier files say of later steps.
/// </summary>
internal sealed class TensorBoardEvents : IDisposable
{
    private const uint CrcMask = 0xA282EAD8;

    private readonly FileStream _file;

    /// <summary>Begins a file in a run directory.</summary>
    /// <param name="runDirectory">The folder.</param>
    /// <param name="step">Steps done by earlier sessions; 0 removes the files of an earlier run.</param>
    public TensorBoardEvents(string runDirectory, int step)
    {
        string[] earlier = Directory.GetFiles(runDirectory, "events.out.tfevents.*");
        if (step == 0)
            Array.ForEach(earlier, File.Delete);
        // Readers take the files of a folder in the order of their names.
        long seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        while (step > 0 && earlier.Any(name => string.CompareOrdinal(Path.GetFileName(name), $"events.out.tfevents.{seconds}.") >= 0 && StartOf(name) >= seconds))
            seconds++;
        _file = new FileStream(
            Path.Combine(runDirectory, $"events.out.tfevents.{seconds}.ashlar.{Environment.ProcessId}"), FileMode.Create, FileAccess.Write, FileShare.Read);
        WriteRecord(Event(0, message => WriteBytes(message, 3, "brain.Event:2"u8)));
        if (step > 0)
        {
            // SessionLog { status: START }, at the first step that this session will write.
            WriteRecord(Event(step + 1, message => WriteBytes(message, 7, [1 << 3, 1])));
        }
    }

    /// <summary>Adds values of one step.</summary>
    public void Add(int step, IEnumerable<(string Tag, double Value)> scalars)
    {
        using MemoryStream summary = new();
        using MemoryStream value = new();
        Span<byte> single = stackalloc byte[4];
        foreach ((string tag, double number) in scalars)
        {
            value.SetLength(0);
            WriteBytes(value, 1, Encoding.UTF8.GetBytes(tag));
            WriteVarint(value, (2 << 3) | 5);
            BinaryPrimitives.WriteSingleLittleEndian(single, (float)number);
            value.Write(single);
            WriteBytes(summary, 1, value.ToArray());
        }

        WriteRecord(Event(step, message => WriteBytes(message, 5, summary.ToArray())));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static long StartOf(string path) =>
        long.TryParse(Path.GetFileName(path).Split('.')[3], out long seconds) ? seconds : 0;

    private static byte[] Event(long step, Action<MemoryStream> content)
    {
        using MemoryStream message = new();
        WriteVarint(message, (1 << 3) | 1);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(time, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0);
        message.Write(time);
        WriteVarint(message, 2 << 3);
        WriteVarint(message, (ulong)step);
        content(message);
        return message.ToArray();
    }

    private static void WriteBytes(MemoryStream message, int field, ReadOnlySpan<byte> bytes)
    {
        WriteVarint(message, (ulong)((field << 3) | 2));
        WriteVarint(message, (ulong)bytes.Length);
        message.Write(bytes);
    }

    private static void WriteVarint(MemoryStream message, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            message.WriteByte((byte)(value | 0x80));
        message.WriteByte((byte)value);
    }

    private void WriteRecord(byte[] bytes)
    {
        byte[] record = new byte[16 + bytes.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        bytes.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + bytes.Length), MaskedCrc(bytes));
        _file.Write(record); // one write, so that a reader beside it sees whole records
        _file.Flush();
    }

    private static uint MaskedCrc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + CrcMask;
    }
}
