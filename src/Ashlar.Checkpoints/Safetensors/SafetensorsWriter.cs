using System.Buffers.Binary;
using System.Text.Json;
using Ashlar.Shared;

namespace Ashlar.Checkpoints.Safetensors;

/// <summary>Writes safetensors files, one tensor at a time, so that a large model is never in memory twice.</summary>
public static class SafetensorsWriter
{
    /// <summary>Writes the file atomically, tensors in the given order.</summary>
    /// <param name="path">The file; replaced as a whole.</param>
    /// <param name="tensors">What to write.</param>
    /// <param name="metadata">Pairs for <c>__metadata__</c>; <c>format = pt</c> is added, as Hugging Face's loaders expect.</param>
    public static void Write(string path, IReadOnlyList<SafetensorsEntry> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        byte[] header = Header(tensors, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (SafetensorsEntry tensor in tensors)
            {
                long begin = stream.Position;
                tensor.WriteBytes(stream);
                if (stream.Position - begin != tensor.Info.ElementCount * FloatConversion.SizeOf(tensor.Info.Type))
                    throw new InvalidOperationException($"{tensor.Info.Name} wrote {stream.Position - begin} bytes for {tensor.Info.Type} of shape {tensor.Info.ShapeText}.");
            }
        });
    }

    private static byte[] Header(IReadOnlyList<SafetensorsEntry> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            foreach ((string key, string value) in metadata ?? new Dictionary<string, string>())
                json.WriteString(key, value);
            json.WriteEndObject();
            long at = 0;
            foreach (TensorInfo info in tensors.Select(tensor => tensor.Info))
            {
                json.WriteStartObject(info.Name);
                json.WriteString("dtype", SafetensorsHeader.NameOf(info.Type));
                json.WriteStartArray("shape");
                foreach (long size in info.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                at += info.ElementCount * FloatConversion.SizeOf(info.Type);
                json.WriteNumberValue(at);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces make the data start at a multiple of 8, so that mapped tensors are aligned.
        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }
}

/// <summary>One tensor to write.</summary>
/// <param name="Info">Name, type and shape.</param>
/// <param name="WriteBytes">Writes exactly the tensor's little-endian bytes.</param>
public sealed record SafetensorsEntry(TensorInfo Info, Action<Stream> WriteBytes)
{
    /// <summary>An entry for float32 values in memory.</summary>
    public static SafetensorsEntry Float32(string name, IReadOnlyList<long> shape, ReadOnlyMemory<float> values) =>
        new(new TensorInfo(name, TensorType.Float32, shape), stream => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.Span)));

    /// <summary>An entry that reads a tensor of another file when it is its turn, and rounds it to nearest.</summary>
    /// <param name="info">Name, type (float32, bfloat16 or float16) and shape here.</param>
    /// <param name="source">Where it is read.</param>
    /// <param name="nameThere">Its name there.</param>
    /// <remarks>Writing raises <see cref="InvalidDataException"/> when a value is too large for the type.</remarks>
    public static SafetensorsEntry Converted(TensorInfo info, ITensorSource source, string nameThere) => new(info, stream =>
    {
        float[] values = new float[info.ElementCount];
        source.ReadFloat32(nameThere, values);
        const int Piece = 1 << 16;
        byte[] bytes = new byte[Piece * FloatConversion.SizeOf(info.Type)];
        for (int at = 0; at < values.Length; at += Piece)
        {
            int count = Math.Min(Piece, values.Length - at);
            Span<byte> piece = bytes.AsSpan(0, count * FloatConversion.SizeOf(info.Type));
            if (FloatConversion.FromFloat32(info.Type, values.AsSpan(at, count), piece) is var tooLarge and >= 0)
                throw new InvalidDataException($"{source.Source}: tensor {nameThere} holds {values[at + tooLarge]}, which {info.Type} has no number for; expected a type with a larger range.");
            stream.Write(piece);
        }
    });
}
