using System.Text;
using Ashlar.Shared.Gguf;
using Ashlar.Tests;

namespace Ashlar.Tokenizers.Tests.Gguf;

public class GgufHeaderTests
{
    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public void ReadsEveryMetadataTypeAndTheTensorTable(uint version)
    {
        GgufHeader header = Read(Sample(version));
        Assert.Equal(version, header.Version);
        Assert.Equal((byte)200, header.Metadata["u8"]);
        Assert.Equal((sbyte)-3, header.Metadata["i8"]);
        Assert.Equal((ushort)60000, header.Metadata["u16"]);
        Assert.Equal((short)-300, header.Metadata["i16"]);
        Assert.Equal(4_000_000_000u, header.Metadata["u32"]);
        Assert.Equal(-70_000, header.Metadata["i32"]);
        Assert.Equal(1.5f, header.Metadata["f32"]);
        Assert.Equal(true, header.Metadata["bool"]);
        Assert.Equal("知识", header.FindString("string"));
        Assert.Equal(ulong.MaxValue, header.Metadata["u64"]);
        Assert.Equal(-5L, header.Metadata["i64"]);
        Assert.Equal(0.1, header.FindFloat("f64"));
        Assert.Equal(["a", ""], header.RequireArray<string>("strings"));
        Assert.Equal([1, -2], header.FindIntegers("ints")!);
        Assert.Equal([0.5f, -0.5f], header.RequireArray<float>("floats"));
        object[] nested = Assert.IsType<object[]>(header.Metadata["nested"]);
        Assert.Equal(new byte[] { 7, 8 }, nested[0]);
        Assert.Equal(new byte[] { 9 }, nested[1]);

        Assert.Equal(64, header.Alignment);
        Assert.Equal(0, header.DataOffset % 64);
        GgufTensorInfo first = header.Tensors[0];
        Assert.Equal(("first", GgmlType.F32, 24L), (first.Name, first.Type, first.ByteCount));
        Assert.Equal([3, 2], first.Dimensions);
        Assert.Equal(header.DataOffset, first.FileOffset);
        Assert.Equal(header.DataOffset + 64, header.Tensors[1].FileOffset);
        Assert.Equal(2 * 34, header.Tensors[1].ByteCount);  // 64 values of Q8_0
    }

    [Fact]
    public void EveryTruncationIsRefusedInOneSentence()
    {
        byte[] file = Sample(3);
        for (int length = 0; length < file.Length; length++)
        {
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read(file[..length]));
            Assert.Contains("test.gguf", error.Message);
        }
    }

    [Fact]
    public void AnyFlippedByteIsReadOrRefusedButNeverCrashes()
    {
        byte[] file = Sample(3);
        Random random = new(1);
        for (int i = 0; i < 5000; i++)
        {
            byte[] copy = [.. file];
            copy[random.Next(copy.Length)] = (byte)random.Next(256);
            try
            {
                Read(copy);
            }
            catch (InvalidDataException error)
            {
                Assert.Contains("test.gguf", error.Message);
            }
        }
    }

    [Theory]
    [InlineData(1u, "version is 1")]
    [InlineData(0x03000000u, "big-endian")]
    public void OtherVersionsAreNamed(uint version, string expected)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read(Sample(version)));
        Assert.Contains(expected, error.Message);
    }

    [Fact]
    public void WrongTypeAndMissingKeyAreNamed()
    {
        GgufHeader header = Read(Sample(3));
        Assert.Contains("'u8'", Assert.Throws<InvalidDataException>(() => header.FindString("u8")).Message);
        Assert.Contains("'absent'", Assert.Throws<InvalidDataException>(() => header.RequireString("absent")).Message);
        Assert.Null(header.FindInteger("absent"));
    }

    [Fact]
    public void ReadsARealVocabularyFile()
    {
        GgufHeader header = GgufHeader.Read(SharedData.Require("llamacpp-vocab-golden", "ggml-vocab-bert-bge.gguf"));
        Assert.Equal("bert", header.RequireString("tokenizer.ggml.model"));
        Assert.Equal(30522, header.RequireArray<string>("tokenizer.ggml.tokens").Length);
    }

    private static GgufHeader Read(byte[] file) => GgufHeader.Read(new MemoryStream(file), "test.gguf");

    private static byte[] Sample(uint version)
    {
        MemoryStream stream = new();
        BinaryWriter writer = new(stream);
        void Text(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            writer.Write((ulong)bytes.Length);
            writer.Write(bytes);
        }

        int entries = 0;
        MemoryStream body = new();
        void Entry(string key, uint type, Action write)
        {
            entries++;
            Text(key);
            writer.Write(type);
            write();
        }

        BinaryWriter head = new(body);
        head.Write("GGUF"u8);
        head.Write(version);
        head.Write(2UL);
        Entry("u8", 0, () => writer.Write((byte)200));
        Entry("i8", 1, () => writer.Write((sbyte)-3));
        Entry("u16", 2, () => writer.Write((ushort)60000));
        Entry("i16", 3, () => writer.Write((short)-300));
        Entry("u32", 4, () => writer.Write(4_000_000_000u));
        Entry("i32", 5, () => writer.Write(-70_000));
        Entry("f32", 6, () => writer.Write(1.5f));
        Entry("bool", 7, () => writer.Write((byte)1));
        Entry("string", 8, () => Text("知识"));
        Entry("u64", 10, () => writer.Write(ulong.MaxValue));
        Entry("i64", 11, () => writer.Write(-5L));
        Entry("f64", 12, () => writer.Write(0.1));
        Entry("general.alignment", 4, () => writer.Write(64u));
        Entry("strings", 9, () => { writer.Write(8u); writer.Write(2UL); Text("a"); Text(""); });
        Entry("ints", 9, () => { writer.Write(5u); writer.Write(2UL); writer.Write(1); writer.Write(-2); });
        Entry("floats", 9, () => { writer.Write(6u); writer.Write(2UL); writer.Write(0.5f); writer.Write(-0.5f); });
        Entry("nested", 9, () =>
        {
            writer.Write(9u);
            writer.Write(2UL);
            writer.Write(0u);
            writer.Write(2UL);
            writer.Write([7, 8]);
            writer.Write(0u);
            writer.Write(1UL);
            writer.Write((byte)9);
        });
        head.Write((ulong)entries);
        Text("first");
        writer.Write(2u);
        writer.Write(3UL);
        writer.Write(2UL);
        writer.Write(0u);
        writer.Write(0UL);
        Text("second");
        writer.Write(1u);
        writer.Write(64UL);
        writer.Write(8u);
        writer.Write(64UL);
        stream.WriteTo(body);
        while (body.Length % 64 != 0)
            body.WriteByte(0);
        body.Write(new byte[64 + 68]);
        return body.ToArray();
    }
}
