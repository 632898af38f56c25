using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Numerics;
using System.Text;

namespace Ashlar.Checkpoints.TorchSave;

/// <summary>
/// The tensors of a file that <c>torch.save</c> wrote: a zip archive with the pickle <c>data.pkl</c> and a file for each
/// storage, or, before PyTorch 1.6, pickles with the storages behind them. Only state dicts (dictionaries, lists and tuples
/// of tensors, nested as one likes) are read. Nothing in the file is executed: a pickle that asks for anything else is refused.
/// </summary>
public sealed class TorchArchive : ITensorSource
{
    // The magic number of the older form, and its protocol (torch/serialization.py).
    private static readonly BigInteger Magic = BigInteger.Parse("119547037146038801333356");
    private const long LegacyProtocol = 1001;

    // A pickle of names and shapes; no state dict comes near.
    private const long LongestPickle = 1 << 28;

    private readonly Dictionary<string, (TensorInfo Info, TorchTensor Tensor)> _tensors = [];
    private readonly List<string> _names = [];
    private readonly ITorchStorages _storages;

    private TorchArchive(string path, object? root, ITorchStorages storages)
    {
        (Source, Root, _storages) = (path, root, storages);
        foreach ((string name, TorchTensor tensor) in TorchTensorNames.Of(root))
        {
            storages.Check(tensor.Storage);
            _tensors.Add(name, (new(name, tensor.Storage.Type, tensor.Shape), tensor));
            _names.Add(name);
        }
    }

    /// <inheritdoc/>
    public string Source { get; }

    /// <summary>Names in file order; those of nested values are joined by dots.</summary>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>The pickled value.</summary>
    internal object? Root { get; }

    /// <summary>Whether a file begins as one that <c>torch.save</c> wrote.</summary>
    public static bool Recognizes(string path) => StartsAs(path, zip: true) || StartsAs(path, zip: false);

    /// <summary>Opens a file and reads its names and shapes.</summary>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="InvalidDataException">Damaged, or not a state dict; the sentence says why.</exception>
    public static TorchArchive Open(string path) => Open(path, objects: false);

    /// <summary>Opens a file in which objects of any class may lie about the tensors: they are taken for what they carry, and nothing is run.</summary>
    internal static TorchArchive OpenWithObjects(string path) => Open(path, objects: true);

    private static TorchArchive Open(string path, bool objects)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected one that torch.save wrote.", path);
        try
        {
            return StartsAs(path, zip: true) ? OpenZip(path, objects) : OpenLegacy(path, objects);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorInfo? info)
    {
        bool found = _tensors.TryGetValue(name, out (TensorInfo Info, TorchTensor Tensor) entry);
        info = entry.Info;
        return found;
    }

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination)
    {
        if (!_tensors.TryGetValue(name, out (TensorInfo Info, TorchTensor Tensor) entry))
            throw new InvalidDataException($"{Source}: tensor {name} is missing.");
        (TensorInfo info, TorchTensor tensor) = entry;
        if (destination.Length != info.ElementCount)
            throw new ArgumentException($"{name} has {info.ElementCount} elements, the destination {destination.Length}.", nameof(destination));
        if (info.Type is not (TensorType.Float32 or TensorType.Float16 or TensorType.BFloat16 or TensorType.Float64))
            throw new InvalidDataException($"{Source}: tensor {name} is {info.Type}; expected a floating-point type.");
        if (destination.IsEmpty)
            return;
        try
        {
            if (tensor.Contiguous)
                ReadRange(tensor, destination);
            else
                Gather(tensor, destination);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{Source}: tensor {name}: {error.Message}", error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _storages.Dispose();

    private static bool StartsAs(string path, bool zip)
    {
        Span<byte> start = stackalloc byte[4];
        using FileStream stream = File.OpenRead(path);
        bool whole = stream.ReadAtLeast(start, 4, throwOnEndOfStream: false) == 4;
        return whole && (zip ? start.SequenceEqual("PK\x03\x04"u8) : start[0] == 0x80 && start[2] == 0x8a && start[3] == 10);
    }

    private static TorchArchive OpenZip(string path, bool objects)
    {
        ZipArchive zip = ZipFile.OpenRead(path);
        try
        {
            ZipArchiveEntry[] pickles = [.. zip.Entries.Where(entry => entry.FullName == "data.pkl" || entry.FullName.EndsWith("/data.pkl", StringComparison.Ordinal))];
            if (pickles is not [ZipArchiveEntry pickle])
                throw new InvalidDataException($"a zip archive with {pickles.Length} entries data.pkl; torch.save writes one.");
            string prefix = pickle.FullName[..^"data.pkl".Length];
            if (zip.GetEntry(prefix + "byteorder") is { } order && Encoding.ASCII.GetString(Content(order)) is var text and not "little")
                throw new InvalidDataException($"the byte order is '{text}'; expected little.");
            return new(path, new PickleReader(Content(pickle), objects).Read(), new ZipStorages(zip, prefix));
        }
        catch
        {
            zip.Dispose();
            throw;
        }
    }

    private static byte[] Content(ZipArchiveEntry entry)
    {
        if (entry.Length > LongestPickle || entry.CompressedLength != entry.Length)
            throw new InvalidDataException($"{entry.FullName} is compressed or {entry.Length} bytes long; torch.save writes neither.");
        byte[] bytes = new byte[entry.Length];
        using Stream stream = entry.Open();
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length || Crc32.Append(0, bytes) != entry.Crc32)
            throw new InvalidDataException($"{entry.FullName} does not have the checksum the archive gives for it; the file is damaged.");
        return bytes;
    }

    private static TorchArchive OpenLegacy(string path, bool objects)
    {
        if (new FileInfo(path).Length > Array.MaxLength)
            throw new InvalidDataException("more than 2 GiB in the form of PyTorch before 1.6; save it again with a later one.");
        byte[] data = File.ReadAllBytes(path);
        if (data.Length < 2 || data[0] != 0x80)
            throw new InvalidDataException("neither a zip archive nor a pickle; expected a file that torch.save wrote.");
        PickleReader reader = new(data, objects);
        if (reader.Read() is not BigInteger magic || magic != Magic || reader.Read() is not LegacyProtocol)
            throw new InvalidDataException("a pickle that torch.save did not write.");
        if (reader.Read() is PickleDictionary system && system.Items.Contains(("little_endian", false)))
            throw new InvalidDataException("the byte order is big-endian; expected little.");
        object? root = reader.Read();
        // Also of tensors that lie in objects and have no name: each storage in the file must be passed over by its length.
        Dictionary<string, TensorType> types = new(reader.Storages);
        if (reader.Read() is not PickleList keys || keys.Items.Any(key => key is not string))
            throw new InvalidDataException("the list of storages is missing.");
        return new(path, root, new LegacyStorages(data, reader.Position, keys.Items.Cast<string>(), types));
    }

    private unsafe void ReadRange(TorchTensor tensor, Span<float> destination)
    {
        int size = FloatConversion.SizeOf(tensor.Storage.Type);
        fixed (float* first = destination)
        {
            float* target = first;
            _storages.Read(tensor.Storage, tensor.Offset * size, (long)destination.Length * size, (offset, bytes) =>
                FloatConversion.ToFloat32(tensor.Storage.Type, bytes, new Span<float>(target + offset / size, bytes.Length / size)));
        }
    }

    // The range that the view spans is read, and its elements picked in row-major order.
    private void Gather(TorchTensor tensor, Span<float> destination)
    {
        long span = 1;
        for (int i = 0; i < tensor.Shape.Length; i++)
            span += (tensor.Shape[i] - 1) * tensor.Strides[i];
        if (span > Array.MaxLength)
            throw new InvalidDataException("a view that is not contiguous and spans more than an array holds.");
        float[] range = new float[span];
        ReadRange(tensor with { Shape = [span], Strides = [1] }, range);
        long[] index = new long[tensor.Shape.Length];
        long at = 0;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = range[at];
            for (int d = index.Length - 1; d >= 0; d--)
            {
                at += tensor.Strides[d];
                if (++index[d] < tensor.Shape[d])
                    break;
                at -= tensor.Strides[d] * tensor.Shape[d];
                index[d] = 0;
            }
        }
    }
}
