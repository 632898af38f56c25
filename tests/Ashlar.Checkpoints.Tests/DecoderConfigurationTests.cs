using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Checkpoints.Tests;

public sealed class DecoderConfigurationTests : IDisposable
{
    private readonly TemporaryFile _files = new();

    public void Dispose() => _files.Dispose();

    private static DecoderConfiguration Gpt2(int layers, int heads, int width) => new()
    {
        Architecture = DecoderArchitecture.Gpt2,
        VocabularySize = 50257,
        ContextLength = 1024,
        Width = width,
        LayerCount = layers,
        HeadCount = heads,
        KeyValueHeadCount = heads,
        HeadWidth = width / heads,
        FeedForwardWidth = 4 * width,
        QueryKeyValueBias = true,
    };

    [Theory]
    [InlineData(12, 12, 768, 124_439_808)]
    [InlineData(24, 16, 1024, 354_823_168)]
    [InlineData(36, 20, 1280, 774_030_080)]
    [InlineData(48, 25, 1600, 1_557_611_200)]
    public void The_published_sizes_have_the_published_parameter_counts(int layers, int heads, int width, long parameters) =>
        Assert.Equal(parameters, DecoderTensors.CountParameters(Gpt2(layers, heads, width)));

    [Fact]
    public void Qwen3_0_6B_has_its_parameter_count()
    {
        DecoderConfiguration configuration = Load("""
            {"model_type":"qwen3","vocab_size":151936,"max_position_embeddings":40960,"hidden_size":1024,"num_hidden_layers":28,
             "num_attention_heads":16,"num_key_value_heads":8,"head_dim":128,"intermediate_size":3072,"hidden_act":"silu",
             "rms_norm_eps":1e-6,"rope_theta":1000000,"tie_word_embeddings":true,"attention_bias":false,"bos_token_id":151643,"eos_token_id":151645}
            """);
        Assert.Equal(596_049_920, DecoderTensors.CountParameters(configuration));
        Assert.Equal(1e6, configuration.RopeTheta);
        Assert.Equal([151645], configuration.EndOfTextIds);
    }

    [Theory]
    [InlineData(DecoderArchitecture.Gpt1)]
    [InlineData(DecoderArchitecture.Gpt2)]
    [InlineData(DecoderArchitecture.Llama)]
    [InlineData(DecoderArchitecture.Qwen2)]
    [InlineData(DecoderArchitecture.Qwen3)]
    public void What_is_written_reads_back_equal(DecoderArchitecture architecture)
    {
        bool gpt = architecture is DecoderArchitecture.Gpt1 or DecoderArchitecture.Gpt2;
        DecoderConfiguration configuration = new()
        {
            Architecture = architecture,
            VocabularySize = 512,
            ContextLength = 64,
            Width = 48,
            LayerCount = 2,
            HeadCount = 4,
            KeyValueHeadCount = gpt ? 4 : 2,
            HeadWidth = 12,
            FeedForwardWidth = architecture == DecoderArchitecture.Gpt1 ? 192 : 100, // GPT-1 has no key for it
            NormEpsilon = 2e-6,
            RopeTheta = gpt ? 10_000 : 50_000,
            TieEmbeddings = false,
            QueryKeyValueBias = gpt || architecture == DecoderArchitecture.Qwen2,
            Dropout = 0.1,
            BeginOfTextId = 1,
            EndOfTextIds = [2, 3],
            RopeScaling = architecture == DecoderArchitecture.Llama ? new Llama3RopeScaling(8, 1, 4, 8192) : null,
        };
        DecoderConfiguration read = Load(configuration.ToHuggingFaceJson().ToJsonString());
        Assert.Equal([2, 3], read.EndOfTextIds);
        Assert.Equal(configuration with { EndOfTextIds = read.EndOfTextIds }, read);
    }

    [Theory]
    [InlineData("""{"model_type":"bloom"}""", "bloom")]
    [InlineData("""{"model_type":"gpt2","n_embd":"x"}""", "n_embd")]
    [InlineData("""{"model_type":"gpt2","n_embd":10,"n_head":3,"vocab_size":5,"n_positions":5,"n_layer":1}""", "hidden_size")]
    [InlineData("""{"model_type":"llama","hidden_size":8}""", "num_attention_heads")]
    [InlineData("""nonsense""", "not a JSON object")]
    public void A_wrong_configuration_is_one_sentence_that_names_the_key(string json, string word)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Load(json));
        Assert.Contains(word, error.Message);
        Assert.Contains("config.json", error.Message);
    }

    [Fact]
    public void Loading_is_strict_about_missing_extra_and_misshapen_tensors()
    {
        DecoderConfiguration configuration = Gpt2(1, 1, 4) with { VocabularySize = 5, ContextLength = 3, FeedForwardWidth = 8 };
        Assert.Equal(16, StrictTensors.Match(Source(), configuration).Count);
        Assert.Equal("wte.weight", StrictTensors.Match(Source(name => name["transformer.".Length..]), configuration)["transformer.wte.weight"]);
        Assert.Contains("ln_f.bias of shape [4] is missing", Fails(Source(skip: "transformer.ln_f.bias")));
        Assert.Contains("shape [3, 4]", Fails(Source(swap: "transformer.wte.weight")));
        MemoryTensorSource extra = Source();
        extra.Add("transformer.h.1.ln_1.weight", [4], new float[4]);
        Assert.Contains("transformer.h.1.ln_1.weight is not part", Fails(extra));

        string Fails(ITensorSource source) => Assert.Throws<InvalidDataException>(() => StrictTensors.Match(source, configuration)).Message;

        MemoryTensorSource Source(Func<string, string>? rename = null, string? skip = null, string? swap = null)
        {
            MemoryTensorSource source = new("memory");
            foreach (TensorDescription tensor in DecoderTensors.Of(configuration))
            {
                IReadOnlyList<long> shape = tensor.Name == swap ? [3, 4] : tensor.Shape;
                if (tensor.Name != skip)
                    source.Add(rename?.Invoke(tensor.Name) ?? tensor.Name, shape, new float[shape.Aggregate(1L, (a, b) => a * b)]);
            }

            return source;
        }
    }

    private DecoderConfiguration Load(string json)
    {
        File.WriteAllText(_files["config.json"], json);
        return DecoderConfiguration.Load(_files["config.json"]);
    }
}
