using System.Text.Json.Nodes;
using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Checkpoints.Tests;

public sealed class TranslationConfigurationTests : IDisposable
{
    private readonly TemporaryFile _files = new();

    // The configuration of Helsinki-NLP/opus-mt models as published, without the keys that say nothing of the shape.
    private const string OpusMt = """
        {
          "activation_dropout": 0.0, "activation_function": "swish", "add_bias_logits": false, "add_final_layer_norm": false,
          "architectures": ["MarianMTModel"], "attention_dropout": 0.0, "bad_words_ids": [[58100]], "bos_token_id": 0,
          "d_model": 512, "decoder_attention_heads": 8, "decoder_ffn_dim": 2048, "decoder_layers": 6, "decoder_start_token_id": 58100,
          "dropout": 0.1, "encoder_attention_heads": 8, "encoder_ffn_dim": 2048, "encoder_layers": 6, "eos_token_id": 0,
          "is_encoder_decoder": true, "max_length": 512, "max_position_embeddings": 512, "model_type": "marian",
          "normalize_before": false, "normalize_embedding": false, "num_beams": 6, "num_hidden_layers": 6, "pad_token_id": 58100,
          "scale_embedding": true, "static_position_embeddings": true, "vocab_size": 58101
        }
        """;

    public void Dispose() => _files.Dispose();

    internal static TransformerConfiguration Transformer() => new()
    {
        SourceVocabularySize = 11,
        TargetVocabularySize = 9,
        Width = 8,
        EncoderLayerCount = 2,
        DecoderLayerCount = 1,
        EncoderHeadCount = 2,
        DecoderHeadCount = 4,
        EncoderFeedForwardWidth = 16,
        DecoderFeedForwardWidth = 12,
        Format = new() { PaddingId = 0, BeginId = 1, EndId = 2 },
    };

    internal static RecurrentTranslationConfiguration Recurrent() => new()
    {
        Cell = RecurrentCell.Lstm,
        SourceVocabularySize = 69,
        TargetVocabularySize = 31,
        EmbeddingWidth = 50,
        EncoderWidth = 100,
        DecoderWidth = 100,
        Bridge = RecurrentBridge.Copy,
        Attention = RecurrentAttention.LuongGeneral,
        InputFeeding = true,
        Format = new() { PaddingId = 1, BeginId = 2, EndId = 3 },
    };

    [Fact]
    public void A_published_Marian_configuration_is_read()
    {
        TransformerConfiguration c = LoadTransformer(OpusMt);
        Assert.Equal((58101, 58101, 512, 6, 6, 8, 2048), (c.SourceVocabularySize, c.TargetVocabularySize, c.Width, c.EncoderLayerCount, c.DecoderLayerCount, c.EncoderHeadCount, c.DecoderFeedForwardWidth));
        Assert.Equal(TransformerActivation.Silu, c.Activation);
        Assert.True(c is { IsMarian: true, ShareEmbeddings: true, TieProjection: true, ScaleEmbedding: true, PreNorm: false });
        Assert.Equal(new TranslationFormat { PaddingId = 58100, BeginId = 58100, EndId = 0, SourceEndId = 0 }, c.Format);
        // MarianMTModel of this file: the shared table, 6 x 3,152,384 and 6 x 4,204,032 in the layers; the bias of the logits is a buffer.
        Assert.Equal(58101L * 512 + 6 * 3_152_384 + 6 * 4_204_032 + 58101, TransformerTensors.CountParameters(c));
    }

    [Fact]
    public void Names_and_shapes_are_those_of_MarianMTModel()
    {
        string[] names = [.. TransformerTensors.Of(Transformer() with { EncoderLayerCount = 1 }).Select(t => $"{t.Name} {string.Join('x', t.Shape)}")];
        Assert.Equal("model.encoder.embed_tokens.weight 11x8", names[0]);
        Assert.Equal(
            [
                "model.encoder.layers.0.self_attn.k_proj.weight 8x8", "model.encoder.layers.0.self_attn.k_proj.bias 8",
                "model.encoder.layers.0.self_attn.v_proj.weight 8x8", "model.encoder.layers.0.self_attn.v_proj.bias 8",
                "model.encoder.layers.0.self_attn.q_proj.weight 8x8", "model.encoder.layers.0.self_attn.q_proj.bias 8",
                "model.encoder.layers.0.self_attn.out_proj.weight 8x8", "model.encoder.layers.0.self_attn.out_proj.bias 8",
                "model.encoder.layers.0.self_attn_layer_norm.weight 8", "model.encoder.layers.0.self_attn_layer_norm.bias 8",
                "model.encoder.layers.0.fc1.weight 16x8", "model.encoder.layers.0.fc1.bias 16",
                "model.encoder.layers.0.fc2.weight 8x16", "model.encoder.layers.0.fc2.bias 8",
                "model.encoder.layers.0.final_layer_norm.weight 8", "model.encoder.layers.0.final_layer_norm.bias 8",
            ],
            names[1..17]);
        Assert.Contains("model.decoder.layers.0.encoder_attn.q_proj.weight 8x8", names);
        Assert.Contains("model.decoder.layers.0.encoder_attn_layer_norm.bias 8", names);
        Assert.Equal("final_logits_bias 1x9", names[^1]);
    }

    [Fact]
    public void A_Transformer_reads_back_equal()
    {
        foreach (PositionEncoding positions in Enum.GetValues<PositionEncoding>())
        {
            foreach (TransformerActivation activation in Enum.GetValues<TransformerActivation>())
            {
                TransformerConfiguration c = Transformer() with
                {
                    Positions = positions,
                    Activation = activation,
                    PreNorm = positions != PositionEncoding.Sinusoidal,
                    TieProjection = activation != TransformerActivation.Relu,
                    ScaleEmbedding = activation != TransformerActivation.Gelu,
                    Dropout = 0.3,
                    AttentionDropout = 0.1,
                    ActivationDropout = 0.2,
                    MaximumLength = 40,
                    Format = new() { PaddingId = 0, BeginId = 1, EndId = 2, SourceEndId = 10, ReverseSource = true, Tags = SourceTags.Target },
                };
                Assert.Equal(c, LoadTransformer(c.ToJson().ToJsonString()));
                Assert.Equal(c.IsMarian ? "marian" : "encoder-decoder-transformer", ConfigurationType.Of(_files["config.json"]));
            }
        }
    }

    [Fact]
    public void The_published_grapheme_model_has_its_size()
    {
        // 199,731 parameters in OpenNMT's file, whose linear_out has no bias.
        Assert.Equal(199_731 + 100, RecurrentTranslationTensors.CountParameters(Recurrent()));
    }

    [Fact]
    public void Every_recurrent_choice_reads_back_equal()
    {
        foreach (RecurrentAttention attention in Enum.GetValues<RecurrentAttention>())
        {
            foreach (SentencePooling pooling in Enum.GetValues<SentencePooling>())
            {
                RecurrentTranslationConfiguration c = Recurrent() with
                {
                    Attention = attention,
                    Pooling = pooling,
                    Bridge = RecurrentBridge.Dense,
                    InputFeeding = attention is RecurrentAttention.LuongDot,
                    FeedSentence = attention is RecurrentAttention.None,
                    EncoderLayerCount = 2,
                    DecoderLayerCount = 3,
                    EncoderWidth = 50,
                    Bidirectional = attention != RecurrentAttention.Gnmt,
                    Residual = true,
                    PoolingCount = 5,
                    AttentionWidth = 7,
                    ReadoutWidth = 50,
                    TieProjection = attention is not (RecurrentAttention.Gnmt or RecurrentAttention.None),
                    MaximumLength = 60,
                    EmbeddingDropout = 0.1,
                    LayerDropout = 0.2,
                    OutputDropout = 0.3,
                };
                File.WriteAllText(_files["config.json"], c.ToJson().ToJsonString());
                Assert.Equal(c, RecurrentTranslationConfiguration.Load(_files["config.json"]));
            }
        }
    }

    [Fact]
    public void A_GNMT_encoder_is_bidirectional_at_the_bottom_only()
    {
        RecurrentTranslationConfiguration c = Recurrent() with
        {
            Attention = RecurrentAttention.Gnmt,
            InputFeeding = false,
            Bridge = RecurrentBridge.Dense,
            Bidirectional = true,
            EncoderLayerCount = 3,
            DecoderLayerCount = 2,
            DecoderWidth = 80,
        };
        c.Validate();
        Dictionary<string, string> shapes = RecurrentTranslationTensors.Of(c).ToDictionary(t => t.Name, t => string.Join('x', t.Shape));
        Assert.Equal("400x50", shapes["encoder.rnn.weight_ih_l0_reverse"]);
        Assert.Equal("400x200", shapes["encoder.rnn.weight_ih_l1"]);
        Assert.DoesNotContain("encoder.rnn.weight_ih_l1_reverse", shapes.Keys);
        Assert.Equal("320x150", shapes["decoder.rnn.weight_ih_l0"]);
        Assert.Equal("320x180", shapes["decoder.rnn.weight_ih_l1"]);
        Assert.Equal("80x100", shapes["decoder.attention.memory.weight"]);
        Assert.DoesNotContain("decoder.readout.weight", shapes.Keys);
    }

    [Theory]
    [InlineData("model_type", "\"gpt2\"", "marian")]
    [InlineData("activation_function", "\"tanh\"", "swiglu")]
    [InlineData("encoder_attention_heads", "3", "encoder_attention_heads is 3; expected a divisor of d_model")]
    [InlineData("decoder_layers", "0", "decoder_layers")]
    [InlineData("normalize_embedding", "true", "normalize_embedding")]
    [InlineData("position_embedding_type", "\"relative\"", "rotary")]
    [InlineData("share_encoder_decoder_embeddings", "true", "decoder_vocab_size")]
    [InlineData("eos_token_id", "9", "9 ids")]
    [InlineData("source_eos_token_id", "11", "source_eos_token_id")]
    [InlineData("dropout", "1", "dropout")]
    public void A_wrong_Transformer_value_is_one_sentence_that_names_the_key(string key, string value, string word)
    {
        JsonObject json = Transformer().ToJson();
        json[key] = JsonNode.Parse(value);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => LoadTransformer(json.ToJsonString()));
        Assert.Contains(word, error.Message);
        Assert.Contains("config.json", error.Message);
    }

    [Theory]
    [InlineData("attention", "\"dot\"", "luong-dot")]
    [InlineData("attention", "\"bahdanau\"", "input_feeding")]
    [InlineData("bridge", "\"linear\"", "dense")]
    [InlineData("pooling", "\"first\"", "first-last-mean")]
    [InlineData("encoder_hidden_size", "64", "because bridge is copy")]
    [InlineData("feed_sentence", "true", "feed_sentence is true; expected false, because attention is luong-")]
    [InlineData("tie_word_embeddings", "true", "tie_word_embeddings")]
    public void A_wrong_recurrent_value_is_one_sentence_that_names_the_key(string key, string value, string word)
    {
        JsonObject json = Recurrent().ToJson();
        json[key] = JsonNode.Parse(value);
        File.WriteAllText(_files["config.json"], json.ToJsonString());
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => RecurrentTranslationConfiguration.Load(_files["config.json"]));
        Assert.Contains(word, error.Message);
    }

    [Fact]
    public void What_Marian_writers_leave_behind_is_passed_over_and_nothing_else()
    {
        TransformerConfiguration c = Transformer() with { SourceVocabularySize = 9, ShareEmbeddings = true };
        MemoryTensorSource source = new("memory");
        foreach (TensorDescription tensor in TransformerTensors.Of(c))
            source.Add(tensor.Name, tensor.Shape, new float[tensor.Shape.Aggregate(1L, (a, b) => a * b)]);
        foreach (string copy in (string[])["model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight"])
            source.Add(copy, [9, 8], new float[72]);
        source.Add("model.decoder.embed_positions.weight", [512, 8], new float[4096]);
        Assert.Equal(TransformerTensors.Of(c).Count(), StrictTensors.Match(source, c).Count);
        source.Add("model.encoder.layers.2.fc1.bias", [16], new float[16]);
        Assert.Contains("model.encoder.layers.2.fc1.bias is not part", Assert.Throws<InvalidDataException>(() => StrictTensors.Match(source, c)).Message);
    }

    private TransformerConfiguration LoadTransformer(string json)
    {
        File.WriteAllText(_files["config.json"], json);
        return TransformerConfiguration.Load(_files["config.json"]);
    }
}
