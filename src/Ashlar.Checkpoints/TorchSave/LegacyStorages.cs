using System.Buffers.Binary;

namespace Ashlar.Checkpoints.TorchSave;

/// <summary>
/// Storages one after another behind the pickles, each with its number of elements before it: the form of PyTorch before 1.6.
/// </summary>
internal sealed class LegacyStorages : ITorchStorages
{
    private readonly ReadOnlyMemory<byte> _data;
    private readonly Dictionary<string, (long Start, long Count)> _places = [];

    /// <param name="data">The file.</param>
    /// <param name="position">First byte after the pickles.</param>
    /// <param name="keys">Keys of the storages in order.</param>
    /// <param name="types">Element type of each storage.</param>
    public LegacyStorages(ReadOnlyMemory<byte> data, int position, IEnumerable<string> keys, IReadOnlyDictionary<string, TensorType> types)
    {
        _data = data;
        long at = position;
        foreach (string key in keys)
        {
            if (!types.TryGetValue(key, out TensorType type))
                throw new InvalidDataException($"storage {key} is listed and belongs to no tensor.");
            long count = at + 8 <= data.Length ? BinaryPrimitives.ReadInt64LittleEndian(data.Span.Slice((int)at, 8)) : -1;
            int size = FloatConversion.SizeOf(type);
            if (count < 0 || count > (data.Length - at - 8) / size)
                throw new InvalidDataException($"storage {key} is cut short.");
            _places[key] = (at + 8, count);
            at += 8 + count * size;
        }
    }

    public void Check(TorchStorage storage)
    {
        if (!_places.TryGetValue(storage.Key, out (long Start, long Count) place))
            throw new InvalidDataException($"storage {storage.Key} is missing from the file.");
        if (place.Count < storage.Count)
            throw new InvalidDataException($"storage {storage.Key} has {place.Count} elements; {storage.Count} were expected.");
    }

    public void Read(TorchStorage storage, long start, long length, BytesTaker take) =>
        take(0, _data.Span.Slice((int)(_places[storage.Key].Start + start), (int)length));

    public void Dispose()
    {
    }
}
