using System.Buffers.Binary;
using Ashlar.Training.Reporting;
using Tensorboard;

namespace Ashlar.Training.Tests;

/// <summary>Event files are read back by TensorFlow's own message definitions and a checksum written out here from its definition.</summary>
public sealed class TensorBoardEventsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-events-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_checksum_used_here_is_crc32c() =>
        Assert.Equal(0xE3069283u, Crc32C("123456789"u8)); // the check value of the CRC catalogue

    [Fact]
    public void Scalars_read_back_as_events_of_version_2()
    {
        using (TensorBoardEvents events = new(_folder, 0))
        {
            events.Add(1, [("train/loss", 2.5), ("train/learningRate", 1e-3)]);
            events.Add(300, [("validation/loss", 1.25)]);
        }

        List<Event> read = Read(Assert.Single(Directory.GetFiles(_folder, "events.out.tfevents.*")));
        Assert.Equal("brain.Event:2", read[0].FileVersion);
        Assert.Equal([1, 300], read.Skip(1).Select(item => item.Step));
        Assert.Equal(["train/loss", "train/learningRate"], read[1].Summary.Value.Select(value => value.Tag));
        Assert.Equal([2.5f, 1e-3f], read[1].Summary.Value.Select(value => value.SimpleValue));
        Assert.Equal(1.25f, read[2].Summary.Value.Single().SimpleValue);
        Assert.All(read, item => Assert.InRange(item.WallTime, 1e9, 1e11));
    }

    [Fact]
    public void A_session_that_continues_says_where_it_starts_in_a_later_file_and_a_new_run_removes_the_old_files()
    {
        new TensorBoardEvents(_folder, 0).Dispose();
        for (int session = 1; session <= 3; session++)
        {
            using TensorBoardEvents next = new(_folder, 10 * session);
            next.Add(10 * session + 1, [("train/loss", session)]);
        }

        string[] files = [.. Directory.GetFiles(_folder).Order(StringComparer.Ordinal)];
        Assert.Equal(4, files.Length);
        for (int session = 1; session <= 3; session++)
        {
            List<Event> read = Read(files[session]);
            Assert.Equal(SessionLog.Types.SessionStatus.Start, read[1].SessionLog.Status);
            Assert.Equal(10 * session + 1, read[1].Step); // the reader drops earlier events from this step on
            Assert.Equal(session, read[2].Summary.Value.Single().SimpleValue);
        }

        new TensorBoardEvents(_folder, 0).Dispose();
        Assert.Single(Directory.GetFiles(_folder));
    }

    internal static List<Event> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        List<Event> events = [];
        for (int at = 0; at < file.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at)));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            byte[] message = file[(at + 12)..(at + 12 + length)];
            Assert.Equal(Masked(message), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            events.Add(Event.Parser.ParseFrom(new Google.Protobuf.CodedInputStream(message)));
            at += 16 + length;
        }

        return events;
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = Crc32C(bytes);
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }

    // Bit by bit: the reflected Castagnoli polynomial.
    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }

        return ~crc;
    }
}
