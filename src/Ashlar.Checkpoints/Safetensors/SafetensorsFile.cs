using System.Diagnostics.CodeAnalysis;
using System.IO.MemoryMappedFiles;

namespace Ashlar.Checkpoints.Safetensors;

/// <summary>
/// A memory-mapped <c>.safetensors</c> file. The format: 8 bytes of header length (little endian), a JSON header of
/// <c>{"name": {"dtype", "shape", "data_offsets": [begin, end]}}</c>, then the tensors' bytes without holes
/// (huggingface/safetensors, README, "Format").
/// </summary>
public sealed unsafe class SafetensorsFile : ITensorSource
{
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private readonly SafetensorsHeader _header;
    private byte* _data;

    private SafetensorsFile(string path, MemoryMappedFile mapping, MemoryMappedViewAccessor view, SafetensorsHeader header, byte* data)
    {
        Source = path;
        _mapping = mapping;
        _view = view;
        _header = header;
        _data = data;
    }

    /// <inheritdoc/>
    public string Source { get; }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _header.Names;

    /// <summary>The header's <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens and checks a file.</summary>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="InvalidDataException">Not a well-formed file; the sentence says where it breaks the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected a .safetensors file.", path);
        long length = new FileInfo(path).Length;
        if (length < 8)
            throw new InvalidDataException($"{path}: {length} bytes are too few for a safetensors file.");

        MemoryMappedFile mapping = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        MemoryMappedViewAccessor view = mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte* start = null;
        try
        {
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            SafetensorsHeader header = SafetensorsHeader.Read(path, start, length);
            return new SafetensorsFile(path, mapping, view, header, start + header.DataStart);
        }
        catch
        {
            if (start is not null)
                view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            mapping.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorInfo? info)
    {
        bool found = _header.TryGet(name, out SafetensorsHeader.Entry entry);
        info = found ? entry.Info : null;
        return found;
    }

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination)
    {
        (TensorInfo info, long begin) = Find(name);
        if (destination.Length != info.ElementCount)
            throw new ArgumentException($"{name} has {info.ElementCount} elements, the destination {destination.Length}.", nameof(destination));

        // In pieces, because a span holds at most int.MaxValue bytes and a tensor may hold more.
        const int Piece = 1 << 20;
        int size = FloatConversion.SizeOf(info.Type);
        for (int at = 0; at < destination.Length; at += Piece)
        {
            int count = Math.Min(Piece, destination.Length - at);
            ReadOnlySpan<byte> bytes = new(_data + begin + (long)at * size, count * size);
            if (!FloatConversion.ToFloat32(info.Type, bytes, destination.Slice(at, count)))
                throw new InvalidDataException($"{Source}: tensor {name} is {info.Type}; expected a floating-point type.");
        }
    }

    /// <summary>The stored bytes of a tensor of less than 2 GiB, valid until the file is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        (TensorInfo info, long begin) = Find(name);
        return new ReadOnlySpan<byte>(_data + begin, checked((int)(info.ElementCount * FloatConversion.SizeOf(info.Type))));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_data is null)
            return;
        _data = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _mapping.Dispose();
    }

    private (TensorInfo Info, long Begin) Find(string name)
    {
        ObjectDisposedException.ThrowIf(_data is null, this);
        return _header.TryGet(name, out SafetensorsHeader.Entry entry)
            ? (entry.Info, entry.Begin)
            : throw new InvalidDataException($"{Source}: tensor {name} is missing.");
    }
}
