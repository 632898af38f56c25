using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;

namespace Ashlar.Shared;

/// <summary>A file mapped for reading: only pages that are read are loaded.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private byte* _start;

    private MappedFile(string path, long length)
    {
        (Path, Length) = (path, length);
        _mapping = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        try
        {
            _view = _mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        }
        catch
        {
            _view?.Dispose();
            _mapping.Dispose();
            throw;
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its size in bytes.</summary>
    public long Length { get; }

    /// <summary>Its first byte.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public byte* Start => _start is null ? throw new ObjectDisposedException(Path) : _start;

    /// <summary>Maps a file and makes of it what it holds; closes it again if that fails.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What it should be, such as <c>a token shard</c>.</param>
    /// <param name="minimum">Bytes that it has at least.</param>
    /// <param name="make">Reads it.</param>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="InvalidDataException">It is too short.</exception>
    public static T Open<T>(string path, string kind, long minimum, Func<MappedFile, T> make)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected {kind}.", path);
        long length = new FileInfo(path).Length;
        if (length < minimum)
            throw new InvalidDataException($"{path}: {length} bytes are too few for {kind}.");
        MappedFile file = new(path, length);
        try
        {
            return make(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Compares the SHA-256 of the bytes before <paramref name="at"/> and from <paramref name="end"/> on with the one that lies at <paramref name="at"/>.</summary>
    /// <exception cref="InvalidDataException">They differ.</exception>
    public void Verify(int at, int end)
    {
        byte* start = Start;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(new ReadOnlySpan<byte>(start, at));
        for (long piece = end; piece < Length; piece += 1 << 20)
            hash.AppendData(new ReadOnlySpan<byte>(start + piece, (int)Math.Min(1 << 20, Length - piece)));
        if (!hash.GetHashAndReset().AsSpan().SequenceEqual(new ReadOnlySpan<byte>(start + at, 32)))
            throw new InvalidDataException($"{Path}: the checksum does not fit the contents; the file is damaged and must be written again.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_start is null)
            return;
        _start = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _mapping.Dispose();
    }
}
