using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Checkpoints.Llama2c;

/// <summary>
/// A float32 checkpoint of Karpathy's llama2.c (version 0): seven little-endian int32 - width, feed-forward width, layers, heads,
/// key-value heads, vocabulary (negative: with an output projection of its own), context - then every tensor without names,
/// each kind for all layers together. Read as the Llama checkpoint it is: the rows of queries and keys are brought from
/// interleaved to half-split rotary order, so that the half-split runtime computes the same.
/// </summary>
public sealed class Llama2cFile : ITensorSource
{
    private const int HeaderLength = 7 * sizeof(int);

    private readonly MemoryTensorSource _tensors;

    private Llama2cFile(DecoderConfiguration configuration, MemoryTensorSource tensors) =>
        (Configuration, _tensors) = (configuration, tensors);

    /// <summary>The shape in the file's header. Texts begin with token 1, which also ends them, as in llama2.c.</summary>
    public DecoderConfiguration Configuration { get; }

    /// <inheritdoc/>
    public string Source => _tensors.Source;

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _tensors.Names;

    /// <summary>Reads the whole file.</summary>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="InvalidDataException">The header is impossible, or the file is not as long as its header says.</exception>
    public static Llama2cFile Open(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected a llama2.c checkpoint.", path);
        using FileStream stream = File.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderLength];
        if (stream.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength)
            throw new InvalidDataException($"{path}: shorter than a llama2.c header of {HeaderLength} bytes.");
        DecoderConfiguration configuration;
        try
        {
            configuration = ReadHeader(header);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: not a llama2.c checkpoint: {error.Message}", error);
        }

        // Two tables of rotary cosines and sines lie before the output projection; they are computed, not read.
        long rotary = (long)configuration.ContextLength * configuration.HeadWidth;
        long expected = HeaderLength + sizeof(float) * (DecoderTensors.CountParameters(configuration) + rotary);
        if (stream.Length != expected)
            throw new InvalidDataException($"{path}: {stream.Length} bytes long; its header says {expected}.");
        return new(configuration, ReadTensors(path, stream, configuration, sizeof(float) * rotary));
    }

    /// <inheritdoc/>
    public bool TryGet(string name, [NotNullWhen(true)] out TensorInfo? info) => _tensors.TryGet(name, out info);

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination) => _tensors.ReadFloat32(name, destination);

    /// <inheritdoc/>
    public void Dispose() => _tensors.Dispose();

    private static DecoderConfiguration ReadHeader(ReadOnlySpan<byte> header)
    {
        int[] numbers = new int[7];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(header[(i * sizeof(int))..]);
        (int width, int heads) = (numbers[0], numbers[3]);
        if (heads <= 0 || width <= 0 || width % heads != 0)
            throw new InvalidDataException($"a width of {width} with {heads} heads");
        if (numbers[5] == int.MinValue)
            throw new InvalidDataException($"a vocabulary of {numbers[5]}");
        DecoderConfiguration configuration = new()
        {
            Architecture = DecoderArchitecture.Llama,
            Width = width,
            FeedForwardWidth = numbers[1],
            LayerCount = numbers[2],
            HeadCount = heads,
            KeyValueHeadCount = numbers[4],
            VocabularySize = Math.Abs(numbers[5]),
            TieEmbeddings = numbers[5] > 0,
            ContextLength = numbers[6],
            HeadWidth = width / heads,
            NormEpsilon = 1e-5,
            RopeTheta = 10_000,
            BeginOfTextId = 1,
            EndOfTextIds = [1],
        };
        configuration.Validate();
        return configuration;
    }

    private static MemoryTensorSource ReadTensors(string path, FileStream stream, DecoderConfiguration c, long rotaryBytes)
    {
        MemoryTensorSource tensors = new(path);
        long keyValueWidth = c.KeyValueHeadCount * c.HeadWidth;
        Add("model.embed_tokens.weight", [c.VocabularySize, c.Width]);
        AddLayers("input_layernorm", [c.Width]);
        AddLayers("self_attn.q_proj", [c.Width, c.Width], c.HeadCount);
        AddLayers("self_attn.k_proj", [keyValueWidth, c.Width], c.KeyValueHeadCount);
        AddLayers("self_attn.v_proj", [keyValueWidth, c.Width]);
        AddLayers("self_attn.o_proj", [c.Width, c.Width]);
        AddLayers("post_attention_layernorm", [c.Width]);
        AddLayers("mlp.gate_proj", [c.FeedForwardWidth, c.Width]);
        AddLayers("mlp.down_proj", [c.Width, c.FeedForwardWidth]);
        AddLayers("mlp.up_proj", [c.FeedForwardWidth, c.Width]);
        Add("model.norm.weight", [c.Width]);
        stream.Position += rotaryBytes;
        if (!c.TieEmbeddings)
            Add("lm_head.weight", [c.VocabularySize, c.Width]);
        return tensors;

        void AddLayers(string name, long[] shape, int rotaryHeads = 0)
        {
            for (int layer = 0; layer < c.LayerCount; layer++)
                Add($"model.layers.{layer}.{name}.weight", shape, rotaryHeads);
        }

        void Add(string name, long[] shape, int rotaryHeads = 0)
        {
            float[] values = new float[shape.Aggregate(1L, (product, size) => product * size)];
            stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            tensors.Add(name, shape, rotaryHeads == 0 ? values : ToHalfSplit(values, rotaryHeads, c.HeadWidth, c.Width));
        }
    }

    // Rows 2i and 2i + 1 of a head become its rows i and i + headWidth / 2.
    private static float[] ToHalfSplit(float[] rows, int heads, int headWidth, int width)
    {
        float[] result = new float[rows.Length];
        for (int head = 0; head < heads; head++)
        {
            for (int row = 0; row < headWidth; row++)
            {
                int target = head * headWidth + row / 2 + row % 2 * (headWidth / 2);
                rows.AsSpan((head * headWidth + row) * width, width).CopyTo(result.AsSpan(target * width));
            }
        }

        return result;
    }
}
