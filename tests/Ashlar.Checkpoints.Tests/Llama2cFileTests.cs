using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Llama2c;

namespace Ashlar.Checkpoints.Tests;

public sealed class Llama2cFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_tensor_is_found_where_it_lies(bool tied)
    {
        // Width 4, feed-forward 3, 2 layers, 2 heads, 1 key-value head, vocabulary 5, context 6; the values count up.
        int[] header = [4, 3, 2, 2, 1, tied ? 5 : -5, 6];
        int parameters = 20 + 2 * 4 + 2 * 16 + 2 * 8 + 2 * 8 + 2 * 16 + 2 * 4 + 3 * 2 * 12 + 4;
        int rotary = 6 * 2;
        Write(header, parameters + rotary + (tied ? 0 : 20));
        using Llama2cFile file = Llama2cFile.Open(_path);
        Assert.Equal((5, tied), (file.Configuration.VocabularySize, file.Configuration.TieEmbeddings));
        IReadOnlyDictionary<string, string> names = StrictTensors.Match(file, file.Configuration);
        Assert.Equal(DecoderTensors.Of(file.Configuration).Count(), names.Count);
        Assert.Equal(0, First("model.embed_tokens.weight"));
        Assert.Equal(24, First("model.layers.1.input_layernorm.weight"));
        Assert.Equal(28, First("model.layers.0.self_attn.q_proj.weight"));
        Assert.Equal(60, First("model.layers.0.self_attn.k_proj.weight"));
        Assert.Equal(parameters - 4, First("model.norm.weight"));
        if (!tied)
            Assert.Equal(parameters + rotary, First("lm_head.weight"));

        // A head of width 2 has the pair (0, 1) in both orders; with one head of width 4 rows 0 2 1 3 are expected.
        float[] query = new float[16];
        file.ReadFloat32("model.layers.1.self_attn.q_proj.weight", query);
        Assert.Equal(Enumerable.Range(44, 16).Select(i => (float)i), query);

        float First(string name)
        {
            Assert.True(file.TryGet(name, out TensorInfo? info));
            float[] values = new float[info.ElementCount];
            file.ReadFloat32(name, values);
            return values[0];
        }
    }

    [Fact]
    public void Rotary_rows_are_brought_to_half_split_order()
    {
        int[] header = [4, 1, 1, 1, 1, 1, 1];
        Write(header, 4 + 4 + 4 * 16 + 4 + 3 * 4 + 4 + 4);
        using Llama2cFile file = Llama2cFile.Open(_path);
        float[] key = new float[16];
        file.ReadFloat32("model.layers.0.self_attn.k_proj.weight", key);
        Assert.Equal([24f, 32, 28, 36], [key[0], key[4], key[8], key[12]]);
    }

    [Fact]
    public void What_is_damaged_is_said()
    {
        Assert.Throws<FileNotFoundException>(() => Llama2cFile.Open(_path + ".none"));
        Assert.Contains("header", Assert.Throws<InvalidDataException>(() => Llama2cFile.Open(_path)).Message);
        Write([4, 3, 2, 3, 1, 5, 6], 0);
        Assert.Contains("3 heads", Assert.Throws<InvalidDataException>(() => Llama2cFile.Open(_path)).Message);
        Write([4, 3, 0, 2, 1, 5, 6], 0);
        Assert.Contains("num_hidden_layers", Assert.Throws<InvalidDataException>(() => Llama2cFile.Open(_path)).Message);
        Write([4, 3, 2, 2, 1, 5, 6], 7);
        Assert.Contains("bytes long", Assert.Throws<InvalidDataException>(() => Llama2cFile.Open(_path)).Message);
    }

    private void Write(int[] header, int count)
    {
        byte[] bytes = new byte[28 + 4 * count];
        for (int i = 0; i < 7; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * 4), header[i]);
        Span<float> values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(28));
        for (int i = 0; i < count; i++)
            values[i] = i;
        File.WriteAllBytes(_path, bytes);
    }
}
