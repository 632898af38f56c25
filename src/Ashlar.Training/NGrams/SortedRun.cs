using System.Runtime.InteropServices;

namespace Ashlar.Training.NGrams;

/// <summary>
/// The n-grams of one order in one block, sorted, in a temporary file: keys (context's number in the block's lower order, then the
/// token) and counts. Read once, in order.
/// </summary>
internal sealed class SortedRun(string path) : IDisposable
{
    private const int Buffered = 1 << 15;

    private readonly Entry[] _entries = new Entry[Buffered];
    private FileStream? _stream;
    private int _used;
    private int _available;

    /// <summary>Number of n-grams.</summary>
    public uint Count { get; private set; }

    /// <summary>The entry at hand while reading.</summary>
    public ref readonly Entry Current => ref _entries[_used - 1];

    public void Add(ulong key, uint count)
    {
        _stream ??= new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
        _entries[_used++] = new Entry { Key = key, Count = count };
        Count = checked(Count + 1);
        if (_used == Buffered)
            Flush();
    }

    /// <summary>Ends writing.</summary>
    public void Finish()
    {
        Flush();
        _stream?.Dispose();
        _stream = null;
    }

    /// <summary>Begins reading, at last goes to the next entry; false at the end.</summary>
    public bool MoveNext()
    {
        if (_used == _available)
        {
            if (Count == 0)
                return false;
            _stream ??= new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan | FileOptions.DeleteOnClose);
            int bytes = _stream.ReadAtLeast(MemoryMarshal.AsBytes(_entries.AsSpan()), _entries.Length * Entry.Size, throwOnEndOfStream: false);
            (_used, _available) = (0, bytes / Entry.Size);
            if (_available == 0)
                return false;
        }

        _used++;
        return true;
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _stream = null;
    }

    private void Flush()
    {
        _stream?.Write(MemoryMarshal.AsBytes(_entries.AsSpan(0, _used)));
        _used = 0;
    }

    /// <summary>A key and its count, 12 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    public struct Entry
    {
        public const int Size = 12;

        public ulong Key;

        public uint Count;
    }
}
