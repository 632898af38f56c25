using System.Text.Json;

namespace Ashlar.Checkpoints.Safetensors;

/// <summary>The parsed and checked header of a safetensors file.</summary>
internal sealed unsafe class SafetensorsHeader
{
    // The reference implementation's limit (100 MB), so that a corrupt length cannot ask for the whole memory.
    private const long LargestHeader = 100_000_000;

    private readonly Dictionary<string, Entry> _entries = [];
    private readonly List<string> _names = [];
    private readonly Dictionary<string, string> _metadata = [];

    internal readonly record struct Entry(TensorInfo Info, long Begin, long End);

    public long DataStart { get; private init; }

    public IReadOnlyCollection<string> Names => _names;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    public bool TryGet(string name, out Entry entry) => _entries.TryGetValue(name, out entry);

    public static SafetensorsHeader Read(string path, byte* start, long length)
    {
        ulong size = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, 8));
        if (size > LargestHeader || (long)size > length - 8)
            throw new InvalidDataException($"{path}: the header claims {size} bytes in a file of {length}; it is not a safetensors file, or it is truncated.");
        SafetensorsHeader header = new() { DataStart = 8 + (long)size };
        try
        {
            header.Parse(new ReadOnlySpan<byte>(start + 8, (int)size));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or OverflowException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{path}: the safetensors header is not what the format describes: {error.Message}", error);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }

        header.CheckLayout(path, length - header.DataStart);
        return header;
    }

    private void Parse(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            if (property.Name == "__metadata__")
            {
                foreach (JsonProperty pair in property.Value.EnumerateObject())
                    _metadata[pair.Name] = pair.Value.GetString() ?? throw new JsonException("__metadata__ must map text to text.");
                continue;
            }

            TensorInfo info = new(
                property.Name,
                TypeOf(property.Value.GetProperty("dtype").GetString(), property.Name),
                [.. property.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())]);
            JsonElement offsets = property.Value.GetProperty("data_offsets");
            if (offsets.GetArrayLength() != 2)
                throw new InvalidDataException($"tensor {info.Name} has {offsets.GetArrayLength()} offsets; expected two.");
            Entry entry = new(info, offsets[0].GetInt64(), offsets[1].GetInt64());
            if (info.Shape.Any(size => size < 0) || entry.End - entry.Begin != info.ElementCount * FloatConversion.SizeOf(info.Type))
                throw new InvalidDataException($"tensor {info.Name} has {entry.End - entry.Begin} bytes; {info.Type} of shape {info.ShapeText} needs {info.ElementCount * FloatConversion.SizeOf(info.Type)}.");
            if (!_entries.TryAdd(info.Name, entry))
                throw new InvalidDataException($"tensor {info.Name} is listed twice.");
            _names.Add(info.Name);
        }
    }

    // The format allows no holes and no overlap, and the tensors must end where the file ends.
    private void CheckLayout(string path, long dataLength)
    {
        long at = 0;
        foreach (Entry entry in _entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != at)
                throw new InvalidDataException($"{path}: tensor {entry.Info.Name} begins at byte {entry.Begin}; expected {at} (tensors may not overlap or leave holes).");
            at = entry.End;
        }

        if (at != dataLength)
            throw new InvalidDataException($"{path}: the tensors take {at} bytes but {dataLength} follow the header; the file is truncated or has something appended.");
    }

    private static TensorType TypeOf(string? name, string tensor) => name switch
    {
        "F64" => TensorType.Float64,
        "F32" => TensorType.Float32,
        "F16" => TensorType.Float16,
        "BF16" => TensorType.BFloat16,
        "I64" => TensorType.Int64,
        "I32" => TensorType.Int32,
        "I16" => TensorType.Int16,
        "I8" => TensorType.Int8,
        "U8" => TensorType.UInt8,
        "BOOL" => TensorType.Bool,
        _ => throw new InvalidDataException($"tensor {tensor} has dtype '{name}'; expected F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL."),
    };

    public static string NameOf(TensorType type) => type switch
    {
        TensorType.Float64 => "F64",
        TensorType.Float32 => "F32",
        TensorType.Float16 => "F16",
        TensorType.BFloat16 => "BF16",
        TensorType.Int64 => "I64",
        TensorType.Int32 => "I32",
        TensorType.Int16 => "I16",
        TensorType.Int8 => "I8",
        TensorType.UInt8 => "U8",
        TensorType.Bool => "BOOL",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a safetensors type."),
    };
}
