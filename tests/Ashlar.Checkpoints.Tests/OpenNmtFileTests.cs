using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.OpenNmt;

namespace Ashlar.Checkpoints.Tests;

public sealed class OpenNmtFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-opennmt-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Every tensor of a one-layer LSTM with input feeding, 2 wide, its values counted through.
    private static (string Name, long[] Shape)[] Tensors { get; } =
    [
        ("encoder.embeddings.emb_luts.0.weight", [3, 2]), ("encoder.rnn.weight_ih_l0", [8, 2]), ("encoder.rnn.weight_hh_l0", [8, 2]),
        ("encoder.rnn.bias_ih_l0", [8]), ("encoder.rnn.bias_hh_l0", [8]), ("decoder.embeddings.emb_luts.0.weight", [6, 2]),
        ("decoder.rnn.layers.0.weight_ih", [8, 4]), ("decoder.rnn.layers.0.weight_hh", [8, 2]), ("decoder.rnn.layers.0.bias_ih", [1, 8]),
        ("decoder.rnn.layers.0.bias_hh", [1, 8]), ("decoder.attn.linear_in.weight", [2, 2]), ("decoder.attn.linear_out.weight", [2, 4]),
        ("generator.0.weight", [6, 2]), ("generator.0.bias", [6]),
    ];

    [Fact]
    public void Names_become_those_of_the_runtime_and_values_stay()
    {
        Write(Tensors);
        using OpenNmtFile file = OpenNmtFile.Open(_folder);
        Assert.Equal(RecurrentAttention.LuongGeneral, file.Configuration.Attention);
        Assert.Equal(RecurrentCell.Lstm, file.Configuration.Cell);
        Assert.True(file.Configuration.InputFeeding);
        Assert.Equal(new TranslationFormat { PaddingId = 1, BeginId = 2, EndId = 5 }, file.Configuration.Format);
        Assert.Equal(RecurrentTranslationTensors.Of(file.Configuration).Count(), StrictTensors.Match(file, file.Configuration).Count);
        // decoder.rnn.layers.0.weight_ih comes after 6 + 16 + 16 + 8 + 8 + 12 values.
        float[] values = new float[32];
        file.ReadFloat32("decoder.rnn.weight_ih_l0", values);
        Assert.Equal(Enumerable.Range(66, 32).Select(i => (float)i), values);
        float[] bias = [7, 7];
        file.ReadFloat32("decoder.readout.bias", bias);
        Assert.Equal([0, 0], bias);
    }

    [Fact]
    public void What_is_missing_or_of_another_kind_is_named()
    {
        Write(Tensors[1..]);
        Assert.Contains("encoder.embeddings.emb_luts.0.weight is missing", Assert.Throws<InvalidDataException>(() => OpenNmtFile.Open(_folder)).Message);
        Write([.. Tensors, ("decoder.attn.v.weight", [1, 2])]);
        Assert.Contains("additive", Assert.Throws<InvalidDataException>(() => OpenNmtFile.Open(_folder)).Message);
        Write(Tensors);
        File.WriteAllBytes(Path.Combine(_folder, "weights.f32"), new byte[100]);
        Assert.Contains("beyond weights.f32", Assert.Throws<InvalidDataException>(() => OpenNmtFile.Open(_folder)).Message);
        File.WriteAllText(Path.Combine(_folder, "weights.json"), "[]");
        Assert.Contains("not the weights of an OpenNMT model", Assert.Throws<InvalidDataException>(() => OpenNmtFile.Open(_folder)).Message);
    }

    private void Write((string Name, long[] Shape)[] tensors)
    {
        JsonArray list = [];
        List<byte> data = [];
        int value = 0;
        foreach ((string name, long[] shape) in tensors)
        {
            list.Add(new JsonObject { ["name"] = name, ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]), ["offset"] = data.Count });
            for (long i = shape.Aggregate(1L, (a, b) => a * b); i > 0; i--)
                data.AddRange(BitConverter.GetBytes((float)value++));
        }

        JsonObject root = new()
        {
            ["src_vocab"] = new JsonArray("<unk>", "<blank>", "a"),
            ["tgt_vocab"] = new JsonArray("<unk>", "<blank>", "<s>", "</s>", "b", "</s>"),
            ["tensors"] = list,
        };
        File.WriteAllText(Path.Combine(_folder, "weights.json"), root.ToJsonString());
        File.WriteAllBytes(Path.Combine(_folder, "weights.f32"), [.. data]);
    }
}
