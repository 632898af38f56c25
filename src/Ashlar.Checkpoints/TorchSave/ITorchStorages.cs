namespace Ashlar.Checkpoints.TorchSave;

/// <summary>Where the bytes of storages lie.</summary>
internal interface ITorchStorages : IDisposable
{
    /// <summary>Checks that a storage is there and as long as the pickle says.</summary>
    /// <exception cref="InvalidDataException">It is not.</exception>
    void Check(TorchStorage storage);

    /// <summary>Calls <paramref name="take"/> with the bytes of a range, piece by piece, each but the last a multiple of 8 long.</summary>
    /// <param name="storage">A storage that was checked.</param>
    /// <param name="start">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    /// <param name="take">Receives the bytes.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    void Read(TorchStorage storage, long start, long length, BytesTaker take);
}

/// <summary>Takes a piece of a range of bytes.</summary>
/// <param name="offset">Bytes of the range before it.</param>
/// <param name="bytes">The piece.</param>
internal delegate void BytesTaker(long offset, ReadOnlySpan<byte> bytes);
