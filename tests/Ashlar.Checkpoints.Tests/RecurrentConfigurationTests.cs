using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Checkpoints.Tests;

public sealed class RecurrentConfigurationTests : IDisposable
{
    private readonly TemporaryFile _files = new();

    public void Dispose() => _files.Dispose();

    private static RecurrentConfiguration Word(RecurrentCell cell = RecurrentCell.Lstm) => new()
    {
        Cell = cell,
        VocabularySize = 33278,
        EmbeddingWidth = 200,
        HiddenWidth = 200,
        LayerCount = 2,
    };

    // V E + 2 (gates (E + H + 2) H) + V H + V, by hand.
    [Theory]
    [InlineData(RecurrentCell.Lstm, 6_655_600 + 2 * 4 * 402 * 200 + 6_655_600 + 33_278)]
    [InlineData(RecurrentCell.Gru, 6_655_600 + 2 * 3 * 402 * 200 + 6_655_600 + 33_278)]
    [InlineData(RecurrentCell.RnnTanh, 6_655_600 + 2 * 402 * 200 + 6_655_600 + 33_278)]
    public void Parameters_by_hand(RecurrentCell cell, long parameters)
    {
        Assert.Equal(parameters, RecurrentTensors.CountParameters(Word(cell)));
        Assert.Equal(parameters - 6_655_600, RecurrentTensors.CountParameters(Word(cell) with { TieEmbeddings = true }));
    }

    [Fact]
    public void One_hot_input_has_a_column_for_each_token_and_no_embedding()
    {
        RecurrentConfiguration c = Word() with { VocabularySize = 65, EmbeddingWidth = 0, HiddenWidth = 8, LayerCount = 1, Bias = false, ProjectionBias = false };
        Assert.Equal(
            ["rnn.weight_ih_l0 32x65", "rnn.weight_hh_l0 32x8", "decoder.weight 65x8"],
            RecurrentTensors.Of(c).Select(t => $"{t.Name} {string.Join('x', t.Shape)}"));
    }

    [Theory]
    [InlineData(RecurrentCell.RnnTanh)]
    [InlineData(RecurrentCell.RnnRelu)]
    [InlineData(RecurrentCell.Lstm)]
    [InlineData(RecurrentCell.Gru)]
    public void What_is_written_reads_back_equal(RecurrentCell cell)
    {
        RecurrentConfiguration configuration = Word(cell) with
        {
            TieEmbeddings = true,
            Bias = false,
            ProjectionBias = false,
            InputDropout = 0.1,
            LayerDropout = 0.2,
            OutputDropout = 0.3,
            EmbeddingDropout = 0.05,
            VariationalDropout = true,
            WeightDrop = 0.5,
            BeginOfTextId = 1,
            EndOfTextIds = [2, 3],
        };
        RecurrentConfiguration read = Load(configuration.ToJson().ToJsonString());
        Assert.Equal([2, 3], read.EndOfTextIds);
        Assert.Equal(configuration with { EndOfTextIds = read.EndOfTextIds }, read);
        Assert.Equal("recurrent-lm", ConfigurationType.Of(_files["config.json"]));
    }

    [Theory]
    [InlineData("model_type", "\"gpt2\"", "gpt2")]
    [InlineData("cell", "\"elman\"", "rnn-tanh")]
    [InlineData("hidden_size", "0", "hidden_size")]
    [InlineData("hidden_size", "null", "hidden_size")]
    [InlineData("embedding_size", "-1", "embedding_size")]
    [InlineData("layer_dropout", "1", "layer_dropout")]
    [InlineData("eos_token_id", "33278", "33278")]
    [InlineData("tie_word_embeddings", "true", "tie_word_embeddings")]
    public void A_wrong_value_is_one_sentence_that_names_the_key(string key, string value, string word)
    {
        JsonObject json = (Word() with { EmbeddingWidth = 100 }).ToJson();
        json[key] = JsonNode.Parse(value);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Load(json.ToJsonString()));
        Assert.Contains(word, error.Message);
        Assert.Contains("config.json", error.Message);
    }

    [Fact]
    public void Loading_is_strict()
    {
        RecurrentConfiguration c = Word() with { VocabularySize = 5, EmbeddingWidth = 3, HiddenWidth = 3, TieEmbeddings = true };
        MemoryTensorSource source = new("memory");
        foreach (TensorDescription tensor in RecurrentTensors.Of(c))
            source.Add(tensor.Name, tensor.Shape, new float[tensor.Shape.Aggregate(1L, (a, b) => a * b)]);
        source.Add("decoder.weight", [5, 3], new float[15]);
        Assert.Equal(10, StrictTensors.Match(source, c).Count);
        source.Add("rnn.weight_ih_l2", [12, 3], new float[36]);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => StrictTensors.Match(source, c));
        Assert.Contains("rnn.weight_ih_l2 is not part of a recurrent language model (lstm)", error.Message);
    }

    private RecurrentConfiguration Load(string json)
    {
        File.WriteAllText(_files["config.json"], json);
        return RecurrentConfiguration.Load(_files["config.json"]);
    }
}
