using System.IO.Compression;

namespace Ashlar.Checkpoints.TorchSave;

/// <summary>Storages as entries <c>data/KEY</c> of a zip archive, uncompressed, each with its checksum.</summary>
/// <param name="archive">The archive.</param>
/// <param name="prefix">The archive's folder, with its slash.</param>
internal sealed class ZipStorages(ZipArchive archive, string prefix) : ITorchStorages
{
    private const int Piece = 1 << 20;

    private readonly Lock _oneReader = new();

    public void Check(TorchStorage storage)
    {
        long length = Entry(storage).Length;
        if (storage.Count > length / FloatConversion.SizeOf(storage.Type))
            throw new InvalidDataException($"storage {storage.Key} is {length} bytes long, too few for {storage.Count} elements of {storage.Type}.");
    }

    public void Read(TorchStorage storage, long start, long length, BytesTaker take)
    {
        lock (_oneReader)
        {
            ZipArchiveEntry entry = Entry(storage);
            using Stream stream = entry.Open();
            byte[] buffer = new byte[Math.Min(Piece, entry.Length)];
            uint checksum = 0;
            long at = 0;
            // The whole entry passes, whatever part is wanted: the checksum is of all of it.
            while (at < entry.Length)
            {
                int count = stream.ReadAtLeast(buffer, (int)Math.Min(buffer.Length, entry.Length - at), throwOnEndOfStream: false);
                if (count < Math.Min(buffer.Length, entry.Length - at))
                    throw new InvalidDataException($"storage {storage.Key} is cut short.");
                checksum = Crc32.Append(checksum, buffer.AsSpan(0, count));
                long from = Math.Max(at, start), to = Math.Min(at + count, start + length);
                if (from < to)
                    take(from - start, buffer.AsSpan((int)(from - at), (int)(to - from)));
                at += count;
            }

            if (checksum != entry.Crc32)
                throw new InvalidDataException($"storage {storage.Key} does not have the checksum the archive gives for it; the file is damaged.");
        }
    }

    public void Dispose() => archive.Dispose();

    private ZipArchiveEntry Entry(TorchStorage storage)
    {
        ZipArchiveEntry entry = archive.GetEntry($"{prefix}data/{storage.Key}")
            ?? throw new InvalidDataException($"storage {storage.Key} is missing from the archive.");
        // A compressed entry could be a small file that unpacks to an endless one; torch.save never compresses.
        return entry.CompressedLength == entry.Length
            ? entry
            : throw new InvalidDataException($"storage {storage.Key} is compressed; torch.save stores without compression.");
    }
}
