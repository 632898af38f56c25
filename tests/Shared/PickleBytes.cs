using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Ashlar.Tests;

/// <summary>Pickles written opcode by opcode and the archives around them, as torch.save lays them out.</summary>
internal sealed class PickleBytes
{
    private readonly List<byte> _bytes = [0x80, 2];

    public PickleBytes Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleBytes Op(char code) => Raw((byte)code);

    public PickleBytes Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return Op('X').Raw(length).Raw(bytes);
    }

    public PickleBytes Int(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Op('J').Raw(bytes);
    }

    public PickleBytes Global(string module, string name) => Op('c').Raw(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));

    public PickleBytes Tuple(params int[] values)
    {
        Op('(');
        foreach (int value in values)
            Int(value);
        return Op('t');
    }

    /// <summary>The value of a tensor: REDUCE of _rebuild_tensor_v2 over a persistent storage.</summary>
    public PickleBytes Tensor(string storageType, string key, int count, int offset, int[] shape, int[] strides)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op('(');
        Op('(').Text("storage").Global("torch", storageType).Text(key).Text("cpu").Int(count).Op('t').Op('Q');
        Int(offset).Tuple(shape).Tuple(strides).Raw(0x89).Global("collections", "OrderedDict").Op(')').Op('R');
        return Op('t').Op('R');
    }

    public byte[] Done() => [.. _bytes, (byte)'.'];

    public static byte[] Zip(byte[] pickle, IEnumerable<(string Key, byte[] Bytes)> storages, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create))
        {
            foreach ((string name, byte[] bytes) in storages.Select(s => ($"data/{s.Key}", s.Bytes)).Prepend(("data.pkl", pickle)).Append(("version", "3\n"u8.ToArray())))
            {
                using Stream entry = zip.CreateEntry($"archive/{name}", name.StartsWith("data/", StringComparison.Ordinal) ? compression : CompressionLevel.NoCompression).Open();
                entry.Write(bytes);
            }
        }

        return stream.ToArray();
    }

    public static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
