using System.Globalization;

namespace Ashlar.Shared.Gguf;

/// <summary>
/// Everything of a GGUF file (versions 2 and 3, little-endian) except the tensor bytes: metadata and tensor table,
/// as ggml's <c>docs/gguf.md</c> describes them. A truncated or corrupt file is refused by one
/// <see cref="InvalidDataException"/> sentence; no count in the file is trusted before it is checked against the
/// bytes that are really there.
/// Metadata values are held as <see cref="byte"/>, <see cref="sbyte"/>, <see cref="ushort"/>, <see cref="short"/>,
/// <see cref="uint"/>, <see cref="int"/>, <see cref="float"/>, <see cref="bool"/>, <see cref="string"/>,
/// <see cref="ulong"/>, <see cref="long"/>, <see cref="double"/>, a typed array of one of these, or an
/// array of arrays as <c>object[]</c>.
/// </summary>
internal sealed class GgufHeader
{
    internal GgufHeader(
        string path, uint version, Dictionary<string, object> metadata, List<GgufTensorInfo> tensors, int alignment, long dataOffset)
    {
        Path = path;
        Version = version;
        Metadata = metadata;
        Tensors = tensors;
        Alignment = alignment;
        DataOffset = dataOffset;
    }

    /// <summary>The file, as it is named in errors.</summary>
    public string Path { get; }

    /// <summary>2 or 3.</summary>
    public uint Version { get; }

    /// <summary>Metadata by key, for example <c>tokenizer.ggml.tokens</c>.</summary>
    public IReadOnlyDictionary<string, object> Metadata { get; }

    /// <summary>The tensors in the order of the file.</summary>
    public IReadOnlyList<GgufTensorInfo> Tensors { get; }

    /// <summary>Alignment of the tensor data in bytes (<c>general.alignment</c>, 32 where it is not given).</summary>
    public int Alignment { get; }

    /// <summary>Offset of the tensor data from the start of the file.</summary>
    public long DataOffset { get; }

    /// <summary>Reads the header of a file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a GGUF file of version 2 or 3, is truncated or is corrupt.</exception>
    public static GgufHeader Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"GGUF file '{path}' does not exist.", path);
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        return Read(stream, path);
    }

    /// <summary>Reads the header from a stream whose position 0 is the start of the file.</summary>
    /// <param name="stream">A stream that knows its length.</param>
    /// <param name="path">The name to use in errors.</param>
    public static GgufHeader Read(Stream stream, string path) => new GgufReader(stream, path).ReadHeader();

    /// <summary>A string value, or null where the key is absent; any other type is an error.</summary>
    public string? FindString(string key) => Find(key) switch
    {
        null => null,
        string text => text,
        var other => throw WrongType(key, other, "a string"),
    };

    /// <summary>A whole number of any width, or null where the key is absent; any other type is an error.</summary>
    public long? FindInteger(string key) => Find(key) switch
    {
        null => null,
        byte or sbyte or ushort or short or uint or int or long => Convert.ToInt64(Metadata[key], CultureInfo.InvariantCulture),
        ulong value when value <= long.MaxValue => (long)value,
        var other => throw WrongType(key, other, "a whole number"),
    };

    /// <summary>A floating-point number, or null where the key is absent; any other type is an error.</summary>
    public double? FindFloat(string key) => Find(key) switch
    {
        null => null,
        float value => value,
        double value => value,
        var other => throw WrongType(key, other, "a floating-point number"),
    };

    /// <summary>A boolean, or null where the key is absent; any other type is an error.</summary>
    public bool? FindBoolean(string key) => Find(key) switch
    {
        null => null,
        bool value => value,
        var other => throw WrongType(key, other, "a boolean"),
    };

    /// <summary>An array with elements of type <typeparamref name="T"/>, or null where the key is absent.</summary>
    public T[]? FindArray<T>(string key) => Find(key) switch
    {
        null => null,
        // The runtime lets int[] pass for uint[]; GGUF keeps them apart, so the exact type is asked for.
        T[] values when values.GetType() == typeof(T[]) => values,
        var other => throw WrongType(key, other, $"an array of {typeof(T).Name}"),
    };

    /// <summary>An array of whole numbers of any width as integers, or null where the key is absent.</summary>
    public int[]? FindIntegers(string key) => Find(key) switch
    {
        null => null,
        Array values when values.GetType() != typeof(object[]) && values.GetType() != typeof(string[]) => ToIntegers(key, values),
        var other => throw WrongType(key, other, "an array of whole numbers"),
    };

    /// <summary>The value of a key that must be there.</summary>
    public string RequireString(string key) => FindString(key) ?? throw Missing(key);

    /// <inheritdoc cref="RequireString"/>
    public long RequireInteger(string key) => FindInteger(key) ?? throw Missing(key);

    /// <inheritdoc cref="RequireString"/>
    public double RequireFloat(string key) => FindFloat(key) ?? throw Missing(key);

    /// <inheritdoc cref="RequireString"/>
    public T[] RequireArray<T>(string key) => FindArray<T>(key) ?? throw Missing(key);

    private object? Find(string key) => Metadata.TryGetValue(key, out object? value) ? value : null;

    private int[] ToIntegers(string key, Array values)
    {
        try
        {
            int[] result = new int[values.Length];
            for (int i = 0; i < result.Length; i++)
                result[i] = Convert.ToInt32(values.GetValue(i), CultureInfo.InvariantCulture);
            return result;
        }
        catch (OverflowException)
        {
            throw new InvalidDataException($"GGUF file '{Path}': key '{key}' holds a number that does not fit 32 bits.");
        }
    }

    private InvalidDataException Missing(string key) => new($"GGUF file '{Path}' has no metadata key '{key}'.");

    private InvalidDataException WrongType(string key, object value, string expected) =>
        new($"GGUF file '{Path}': key '{key}' is of type {value.GetType().Name}, but {expected} was expected.");
}
