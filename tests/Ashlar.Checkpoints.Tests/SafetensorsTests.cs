using System.Buffers.Binary;
using System.Text;
using Ashlar.Checkpoints.Safetensors;

namespace Ashlar.Checkpoints.Tests;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFile _files = new();

    public void Dispose() => _files.Dispose();

    // The file is built by hand from the format's description, not by the writer under test.
    private string Hand(string header, byte[] data, ulong? claimed = null)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, claimed ?? (ulong)json.Length);
        string path = _files["hand.safetensors"];
        File.WriteAllBytes(path, [.. length, .. json, .. data]);
        return path;
    }

    [Fact]
    public void Every_floating_type_of_a_hand_made_file_reads_as_float32()
    {
        byte[] data =
        [
            0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0xc0, // F32 1, -2
            0x00, 0x3c, // F16 1
            0x40, 0xc0, // BF16 -3
            0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe0, 0x3f, // F64 0.5
        ];
        string path = Hand(
            """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"F16","shape":[],"data_offsets":[8,10]},"c":{"dtype":"BF16","shape":[1],"data_offsets":[10,12]},"d":{"dtype":"F64","shape":[1],"data_offsets":[12,20]}}""",
            data);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(["a", "b", "c", "d"], file.Names);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.True(file.TryGet("a", out TensorInfo? info));
        Assert.Equal([2L, 1L], info.Shape);
        Assert.Equal([1f, -2f], Read(file, "a", 2));
        Assert.Equal([1f], Read(file, "b", 1));
        Assert.Equal([-3f], Read(file, "c", 1));
        Assert.Equal([0.5f], Read(file, "d", 1));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "needs 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "begins at byte 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "8 follow the header")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "twice")]
    [InlineData("""{"a":{"dtype":"F3","shape":[1],"data_offsets":[0,4]}}""", "dtype 'F3'")]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", "header")]
    [InlineData("""[1]""", "header")]
    [InlineData("""{""", "header")]
    public void A_header_that_breaks_the_format_is_refused_and_named(string header, string words)
    {
        string path = Hand(header, new byte[8]);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));
        Assert.StartsWith(path, error.Message);
        Assert.Contains(words, error.Message);
    }

    [Fact]
    public void A_header_length_beyond_the_file_is_refused() =>
        Assert.Contains("claims", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(Hand("{}", [], claimed: ulong.MaxValue))).Message);

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        string path = _files["whole.safetensors"];
        SafetensorsWriter.Write(path, [SafetensorsEntry.Float32("x", [3], new float[] { 1, 2, 3 })]);
        byte[] bytes = File.ReadAllBytes(path);
        for (int length = 0; length < bytes.Length; length++)
        {
            string cut = _files["cut.safetensors"];
            File.WriteAllBytes(cut, bytes[..length]);
            Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(cut));
        }
    }

    [Fact]
    public void What_is_written_follows_the_format_and_reads_back()
    {
        string path = _files["written.safetensors"];
        SafetensorsWriter.Write(
            path,
            [SafetensorsEntry.Float32("first", [2, 2], new float[] { 1, 2, 3, 4 }), SafetensorsEntry.Float32("second", [1], new float[] { 5 })],
            new Dictionary<string, string> { ["step"] = "7" });
        byte[] bytes = File.ReadAllBytes(path);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0ul, length % 8);
        Assert.Equal((byte)'{', bytes[8]);
        Assert.Equal(8 + (int)length + 20, bytes.Length);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal("7", file.Metadata["step"]);
        Assert.Equal([1f, 2f, 3f, 4f], Read(file, "first", 4));
        Assert.Equal([5f], Read(file, "second", 1));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_else()
    {
        string path = _files["kept.safetensors"];
        SafetensorsWriter.Write(path, [SafetensorsEntry.Float32("x", [1], new float[] { 1 })]);
        Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Write(path, [SafetensorsEntry.Float32("x", [2], new float[] { 1 })]));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal([1f], Read(file, "x", 1));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    private static float[] Read(SafetensorsFile file, string name, int count)
    {
        float[] values = new float[count];
        file.ReadFloat32(name, values);
        return values;
    }
}
