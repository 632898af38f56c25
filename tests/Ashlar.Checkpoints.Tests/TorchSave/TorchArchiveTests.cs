using System.IO.Compression;
using Ashlar.Checkpoints.TorchSave;
using Ashlar.Tests;

namespace Ashlar.Checkpoints.Tests.TorchSave;

public sealed class TorchArchiveTests : IDisposable
{
    private readonly TemporaryFile _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Every_floating_point_type_and_view_of_a_storage()
    {
        byte[] pickle = Dictionary(p => p
            .Text("float").Tensor("FloatStorage", "0", 6, 0, [2, 3], [3, 1])
            .Text("transposed").Tensor("FloatStorage", "0", 6, 0, [3, 2], [1, 3])
            .Text("column").Tensor("FloatStorage", "0", 6, 1, [2], [3])
            .Text("tail").Tensor("FloatStorage", "0", 6, 4, [2], [1])
            .Text("expanded").Tensor("FloatStorage", "0", 6, 5, [2, 2], [0, 0])
            .Text("scalar").Tensor("FloatStorage", "0", 6, 3, [], [])
            .Text("empty").Tensor("FloatStorage", "0", 6, 0, [0, 4], [4, 1])
            .Text("half").Tensor("HalfStorage", "1", 2, 0, [2], [1])
            .Text("bfloat16").Tensor("BFloat16Storage", "2", 2, 0, [2], [1])
            .Text("double").Tensor("DoubleStorage", "3", 2, 0, [2], [1])
            .Text("long").Tensor("LongStorage", "4", 1, 0, [1], [1]));
        using TorchArchive archive = Open(PickleBytes.Zip(pickle,
        [
            ("0", PickleBytes.Floats(1, 2, 3, 4, 5, 6)),
            ("1", [0x00, 0x3e, 0x00, 0xc0]), // 1.5 and -2 in binary16
            ("2", [0xc0, 0x3f, 0x00, 0xc0]), // 1.5 and -2 in bfloat16
            ("3", [.. BitConverter.GetBytes(1.5), .. BitConverter.GetBytes(-2.0)]),
            ("4", BitConverter.GetBytes(7L)),
        ]));
        Assert.Equal(["float", "transposed", "column", "tail", "expanded", "scalar", "empty", "half", "bfloat16", "double", "long"], archive.Names);
        Assert.Equal([1f, 2, 3, 4, 5, 6], Read(archive, "float"));
        Assert.Equal([1f, 4, 2, 5, 3, 6], Read(archive, "transposed"));
        Assert.Equal([2f, 5], Read(archive, "column"));
        Assert.Equal([5f, 6], Read(archive, "tail"));
        Assert.Equal([6f, 6, 6, 6], Read(archive, "expanded"));
        Assert.Equal([4f], Read(archive, "scalar"));
        Assert.Empty(Read(archive, "empty"));
        foreach (string name in new[] { "half", "bfloat16", "double" })
            Assert.Equal([1.5f, -2], Read(archive, name));
        Assert.True(archive.TryGet("long", out TensorInfo? info));
        Assert.Equal((TensorType.Int64, "[1]"), (info.Type, info.ShapeText));
        Assert.Contains("long is Int64", Assert.Throws<InvalidDataException>(() => Read(archive, "long")).Message);
        Assert.Contains("none is missing", Assert.Throws<InvalidDataException>(() => archive.ReadFloat32("none", [])).Message);
    }

    // {"model": OrderedDict with an attribute, "step": 3, "pair": (tensor, [tensor])}: names are paths, the rest is passed over.
    [Fact]
    public void Nested_values_metadata_and_the_memo()
    {
        byte[] pickle = new PickleBytes().Op('}').Op('(')
            .Text("model").Global("collections", "OrderedDict").Op(')').Op('R').Raw((byte)'q', 1)
            .Op('(').Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Raw((byte)'q', 2).Op('u')
            .Op('}').Text("_metadata").Op('}').Op('s').Op('b')
            .Text("step").Int(3)
            .Text("pair").Raw((byte)'h', 2).Op(']').Raw((byte)'h', 2).Op('a').Raw(0x86)
            .Op('u').Done();
        using TorchArchive archive = Open(PickleBytes.Zip(pickle, [("0", PickleBytes.Floats(8, 9))]));
        Assert.Equal(["model.w", "pair.0", "pair.1.0"], archive.Names);
        Assert.Equal([8f, 9], Read(archive, "pair.1.0"));
    }

    public static TheoryData<string, byte[], string> Refused { get; } = new()
    {
        { "a command", new PickleBytes().Global("os", "system").Op('(').Text("touch pwned").Op('t').Op('R').Done(), "asks for os.system" },
        { "a command by protocol 4", new PickleBytes().Text("posix").Text("system").Raw(0x93).Done(), "asks for posix.system" },
        { "eval", new PickleBytes().Global("builtins", "eval").Text("1").Raw(0x85).Op('R').Done(), "asks for builtins.eval" },
        { "a name within a module that is known", new PickleBytes().Global("torch", "load").Done(), "asks for torch.load" },
        { "a module", new PickleBytes().Global("__main__", "Net").Op(')').Raw(0x81).Done(), "asks for __main__.Net" },
        { "NEWOBJ", new PickleBytes().Global("collections", "OrderedDict").Op(')').Raw(0x81).Done(), "opcode 0x81" },
        { "INST", new PickleBytes().Op('(').Op('i').Done(), "opcode 0x69" },
        { "an extension code", new PickleBytes().Raw(0x82, 1).Done(), "opcode 0x82" },
        { "a call of a string", new PickleBytes().Text("x").Op(')').Op('R').Done(), "not a function" },
        { "a persistent id of another kind", new PickleBytes().Text("http://x").Op('Q').Done(), "not a storage" },
        { "attributes of a tensor", new PickleBytes().Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('}').Op('b').Done(), "sets attributes" },
        { "an item of a list", new PickleBytes().Op(']').Int(1).Int(2).Op('s').Done(), "not a dictionary" },
        { "nothing on the stack", new PickleBytes().Op('R').Done(), "where there is none" },
        { "a mark in the way", new PickleBytes().Int(1).Op('(').Raw(0x85).Done(), "where there is none" },
        { "no mark", new PickleBytes().Int(1).Op('t').Done(), "not begun" },
        { "an unknown memory", new PickleBytes().Raw((byte)'h', 9).Done(), "value 9" },
        { "a string longer than the file", new PickleBytes().Op('X').Raw(255, 255, 255, 127).Done(), "cut short" },
        { "two values", new PickleBytes().Int(1).Int(2).Done(), "unfinished" },
        { "protocol 9", [0x80, 9, (byte)'.'], "protocol 9" },
        { "no end", [0x80, 2], "cut short" },
        { "a tensor beyond its storage", Dictionary(p => p.Text("w").Tensor("FloatStorage", "0", 1, 0, [2], [1])), "beyond its storage" },
        { "an offset beyond its storage", Dictionary(p => p.Text("w").Tensor("FloatStorage", "0", 1, 1, [1], [1])), "beyond its storage" },
        { "sizes that overflow", Dictionary(p => p.Text("w").Tensor("FloatStorage", "0", 1, 0, [int.MaxValue, int.MaxValue, int.MaxValue], [0, 0, 0])), "beyond its storage" },
        { "a negative stride", Dictionary(p => p.Text("w").Tensor("FloatStorage", "0", 1, 0, [1], [-1])), "0 or more" },
        { "a storage that is too short", Dictionary(p => p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1])), "too few" },
        { "a storage that is not there", Dictionary(p => p.Text("w").Tensor("FloatStorage", "../../x", 1, 0, [1], [1])), "missing" },
        { "a list in itself", new PickleBytes().Op(']').Raw((byte)'q', 0).Raw((byte)'h', 0).Op('a').Done(), "nested too deeply" },
        { "two tensors of one name", Dictionary(p => p.Text("a").Op('}').Text("b").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Op('s')
            .Text("a.b").Tensor("FloatStorage", "0", 1, 0, [1], [1])), "two tensors a.b" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Anything_but_a_state_dict_is_refused_in_one_sentence(string what, byte[] pickle, string words)
    {
        byte[] file = PickleBytes.Zip(pickle, [("0", PickleBytes.Floats(1))]);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Open(file).Dispose());
        Assert.True(error.Message.Contains(words, StringComparison.Ordinal), $"{what}: {error.Message}");
        Assert.Contains("model.pt", error.Message);
    }

    // Sixty lists, each holding the one before it twice, would be 2^60 values of a few hundred bytes.
    [Fact]
    public void Values_that_multiply_are_refused()
    {
        PickleBytes pickle = new PickleBytes().Op(']').Raw((byte)'q', 0);
        for (byte i = 1; i < 60; i++)
            pickle.Op(']').Op('(').Raw((byte)'h', (byte)(i - 1)).Raw((byte)'h', (byte)(i - 1)).Op('e').Raw((byte)'q', i);
        pickle.Op('}').Text("x").Raw((byte)'h', 59).Op('s');
        byte[] single = new PickleBytes().Op('(').Raw(pickle.Done()[2..^1]).Op('t').Done();
        Assert.Contains("too many", Assert.Throws<InvalidDataException>(() => Open(PickleBytes.Zip(single, []))).Message);
    }

    [Fact]
    public void Damage_is_noticed()
    {
        byte[] pickle = Dictionary(p => p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]));
        byte[] file = PickleBytes.Zip(pickle, [("0", PickleBytes.Floats(1.25f, 2.5f))]);
        int at = file.AsSpan().IndexOf(PickleBytes.Floats(1.25f, 2.5f));
        byte[] flipped = [.. file];
        flipped[at + 3] ^= 1;
        using (TorchArchive archive = Open(flipped))
            Assert.Contains("checksum", Assert.Throws<InvalidDataException>(() => Read(archive, "w")).Message);
        byte[] renamed = [.. file];
        renamed[file.AsSpan().IndexOf("storage"u8)] ^= 1;
        Assert.Contains("damaged", Assert.Throws<InvalidDataException>(() => Open(renamed)).Message);
        Assert.Throws<InvalidDataException>(() => Open(file[..^30]));
        Assert.Contains("torch.save", Assert.Throws<InvalidDataException>(() => Open("not a model"u8.ToArray())).Message);
        Assert.Throws<InvalidDataException>(() => Open([]));
        Assert.Throws<FileNotFoundException>(() => TorchArchive.Open(_files["none.pt"]));
        byte[] zeros = PickleBytes.Zip(Dictionary(p => p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1])), [("0", new byte[1 << 20])], CompressionLevel.Optimal);
        Assert.Contains("compressed", Assert.Throws<InvalidDataException>(() => Open(zeros)).Message);
    }

    // Before PyTorch 1.6: the magic number, the protocol, the system, the value, the keys, then the storages themselves.
    [Fact]
    public void The_older_form()
    {
        byte[] value = Dictionary(p => p
            .Text("a").Tensor("FloatStorage", "94", 2, 0, [2], [1])
            .Text("b").Tensor("DoubleStorage", "17", 1, 0, [1], [1]));
        byte[] head =
        [
            .. new PickleBytes().Raw(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19).Done(),
            .. new PickleBytes().Int(1001).Done(),
            .. new PickleBytes().Op('}').Text("little_endian").Raw(0x88).Op('s').Done(),
        ];
        byte[] file =
        [
            .. head, .. value, .. new PickleBytes().Op(']').Op('(').Text("17").Text("94").Op('e').Done(),
            .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(-0.5), .. BitConverter.GetBytes(2L), .. PickleBytes.Floats(3, 4),
        ];
        using (TorchArchive archive = Open(file))
        {
            Assert.Equal([3f, 4], Read(archive, "a"));
            Assert.Equal([-0.5f], Read(archive, "b"));
        }

        Assert.Contains("cut short", Assert.Throws<InvalidDataException>(() => Open(file[..^1])).Message);
        byte[] command = [.. head, .. new PickleBytes().Global("os", "system").Done()];
        Assert.Contains("os.system", Assert.Throws<InvalidDataException>(() => Open(command)).Message);
    }

    [Fact]
    public void Bytes_at_random_are_refused_and_nothing_worse()
    {
        byte[] good = Dictionary(p => p.Text("w").Tensor("FloatStorage", "0", 2, 0, [2], [1]).Text("v").Tensor("HalfStorage", "0", 4, 0, [2, 2], [2, 1]));
        Random random = new(1);
        for (int round = 0; round < 3000; round++)
        {
            byte[] pickle = [.. good];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                pickle[random.Next(pickle.Length)] = (byte)random.Next(256);
            try
            {
                TorchTensorNames.Of(new PickleReader(pickle).Read());
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Theory]
    [InlineData("tinystoriespuregru.pt", 14, "gru_cell.weight_ih", "[372, 248]")]
    [InlineData("tinystoriesgru-0.2M.pt", 19, "gru_cell.weight_ih", "[288, 288]")]
    [InlineData("tinystoriesgru-0.2M-int8.pt", 38, "token_emb.weight.0", "[98, 96]")]
    public void Published_archives_are_read(string file, int tensors, string name, string shape)
    {
        using TorchArchive archive = TorchArchive.Open(SharedData.Require("tinystories-gru", file));
        Assert.Equal(tensors, archive.Names.Count);
        Assert.True(archive.TryGet(name, out TensorInfo? info));
        Assert.Equal(shape, info.ShapeText);
        foreach (string each in archive.Names)
            if (archive.TryGet(each, out info) && info.Type == TensorType.Float32)
                Assert.All(Read(archive, each), value => Assert.True(float.IsFinite(value)));
    }

    // Whole training states with the options and optimizer objects of their program.
    [Theory]
    [InlineData("test_model2.new.pt")]
    [InlineData("test_model2.old.pt")]
    public void Published_files_with_more_than_tensors_are_refused(string file)
    {
        string path = SharedData.Require("opennmt-g2p-attention", file);
        Assert.Contains("nothing was executed", Assert.Throws<InvalidDataException>(() => TorchArchive.Open(path)).Message);
    }

    private static byte[] Dictionary(Func<PickleBytes, PickleBytes> items) => items(new PickleBytes().Op('}').Op('(')).Op('u').Done();

    private TorchArchive Open(byte[] file)
    {
        File.WriteAllBytes(_files["model.pt"], file);
        return TorchArchive.Open(_files["model.pt"]);
    }

    private static float[] Read(TorchArchive archive, string name)
    {
        Assert.True(archive.TryGet(name, out TensorInfo? info));
        float[] values = new float[info.ElementCount];
        archive.ReadFloat32(name, values);
        return values;
    }
}
