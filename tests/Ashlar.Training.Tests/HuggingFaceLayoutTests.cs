using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Ashlar.Training.Loop;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tests;

/// <summary>
/// A run's folder against Hugging Face's own description: the safetensors format (huggingface/safetensors, README, "Format"), the
/// parameters of the model classes in transformers (their state dicts without tied copies, which <c>save_pretrained</c> leaves out), and the
/// keys of their configuration classes. Names, sizes and keys are written down here and taken from nothing in the repository.
/// </summary>
public sealed class HuggingFaceLayoutTests : IDisposable
{
    private const int Vocabulary = 21, Width = 32, Layers = 2, Heads = 4, KeyValueHeads = 2, HeadWidth = 8, Inner = 48, Context = 16;

    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-layout-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string, bool> Shapes => new()
    {
        { "gpt2", true }, { "gpt2", false }, { "llama", true }, { "llama", false }, { "qwen2", true }, { "qwen2", false }, { "qwen3", true }, { "qwen3", false },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Header_names_and_shapes_are_those_of_the_model_s_class(string architecture, bool tied)
    {
        Train(architecture, tied);
        byte[] file = File.ReadAllBytes(Path.Combine(_folder, "run", "model.safetensors"));
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file);
        Assert.Equal((byte)'{', file[8]);
        JsonObject header = JsonNode.Parse(file.AsSpan(8, (int)length))!.AsObject();
        Assert.Equal("pt", (string)header["__metadata__"]!["format"]!);
        header.Remove("__metadata__");

        // Every tensor's bytes are as many as its shape asks for, one behind the other, up to the end of the file.
        long at = 0;
        foreach ((string name, JsonNode? entry) in header.OrderBy(pair => (long)pair.Value!["data_offsets"]![0]!))
        {
            Assert.Equal("F32", (string)entry!["dtype"]!);
            Assert.Equal(at, (long)entry["data_offsets"]![0]!);
            at += 4 * Shape(entry).Aggregate(1L, (product, size) => product * size);
            Assert.True(at == (long)entry["data_offsets"]![1]!, name);
        }

        Assert.Equal(file.Length, 8 + (long)length + at);
        Dictionary<string, string> expected = architecture == "gpt2" ? Gpt2LMHeadModel(tied) : ForCausalLM(architecture, tied);
        Assert.Equal(
            expected.OrderBy(pair => pair.Key, StringComparer.Ordinal),
            header.Select(pair => KeyValuePair.Create(pair.Key, string.Join(' ', Shape(pair.Value!)))).OrderBy(pair => pair.Key, StringComparer.Ordinal));

        static long[] Shape(JsonNode entry) => [.. entry["shape"]!.AsArray().Select(size => (long)size!)];
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    public void Configuration_and_tokenizer_have_the_keys_that_transformers_reads(string architecture)
    {
        Train(architecture, tied: false);
        JsonObject configuration = Json("config.json");
        JsonObject expected = architecture == "gpt2"
            ? new JsonObject { ["vocab_size"] = Vocabulary, ["n_positions"] = Context, ["n_embd"] = Width, ["n_layer"] = Layers, ["n_head"] = Heads, ["n_inner"] = Inner, ["activation_function"] = "gelu_new" }
            : new JsonObject
            {
                ["vocab_size"] = Vocabulary,
                ["max_position_embeddings"] = Context,
                ["hidden_size"] = Width,
                ["num_hidden_layers"] = Layers,
                ["num_attention_heads"] = Heads,
                ["num_key_value_heads"] = KeyValueHeads,
                ["head_dim"] = HeadWidth,
                ["intermediate_size"] = Inner,
                ["hidden_act"] = "silu",
            };
        expected["model_type"] = architecture;
        expected["architectures"] = new JsonArray(architecture switch
        {
            "gpt2" => "GPT2LMHeadModel",
            "llama" => "LlamaForCausalLM",
            "qwen2" => "Qwen2ForCausalLM",
            _ => "Qwen3ForCausalLM",
        });
        expected["tie_word_embeddings"] = false;
        expected["torch_dtype"] = "float32";
        foreach ((string key, JsonNode? value) in expected)
            Assert.True(JsonNode.DeepEquals(value, configuration[key]), $"{key} is {configuration[key]?.ToJsonString() ?? "missing"}; expected {value?.ToJsonString()}");

        // tokenizers' serialisation: these keys, and a type in each part that is there.
        JsonObject tokenizer = Json("tokenizer.json");
        Assert.Equal(
            ["version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"],
            tokenizer.Select(pair => pair.Key));
        foreach (string part in (string[])["normalizer", "pre_tokenizer", "post_processor", "decoder", "model"])
            Assert.True(tokenizer[part] is null || tokenizer[part]!["type"] is not null, part);
        Assert.Equal(Vocabulary, tokenizer["model"]!["vocab"]!.AsObject().Count);
        Assert.Equal("PreTrainedTokenizerFast", (string)Json("tokenizer_config.json")["tokenizer_class"]!);
    }

    private JsonObject Json(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "run", file)))!.AsObject();

    // transformers, models/gpt2/modeling_gpt2.py: Conv1D keeps [in, out]; the masks are no parameters; lm_head is tied to wte.
    private static Dictionary<string, string> Gpt2LMHeadModel(bool tied)
    {
        Dictionary<string, string> names = new()
        {
            ["transformer.wte.weight"] = $"{Vocabulary} {Width}",
            ["transformer.wpe.weight"] = $"{Context} {Width}",
            ["transformer.ln_f.weight"] = $"{Width}",
            ["transformer.ln_f.bias"] = $"{Width}",
        };
        for (int i = 0; i < Layers; i++)
        {
            foreach ((string name, string shape) in ((string, string)[])
            [
                ("ln_1.weight", $"{Width}"), ("ln_1.bias", $"{Width}"), ("attn.c_attn.weight", $"{Width} {3 * Width}"), ("attn.c_attn.bias", $"{3 * Width}"),
                ("attn.c_proj.weight", $"{Width} {Width}"), ("attn.c_proj.bias", $"{Width}"), ("ln_2.weight", $"{Width}"), ("ln_2.bias", $"{Width}"),
                ("mlp.c_fc.weight", $"{Width} {Inner}"), ("mlp.c_fc.bias", $"{Inner}"), ("mlp.c_proj.weight", $"{Inner} {Width}"), ("mlp.c_proj.bias", $"{Width}"),
            ])
                names[$"transformer.h.{i}.{name}"] = shape;
        }

        if (!tied)
            names["lm_head.weight"] = $"{Vocabulary} {Width}";
        return names;
    }

    // models/llama, qwen2, qwen3: Linear keeps [out, in]; Qwen2 has biases on q, k and v, Qwen3 a norm of each query and key head.
    private static Dictionary<string, string> ForCausalLM(string architecture, bool tied)
    {
        int query = Heads * HeadWidth, keyValue = KeyValueHeads * HeadWidth;
        Dictionary<string, string> names = new() { ["model.embed_tokens.weight"] = $"{Vocabulary} {Width}", ["model.norm.weight"] = $"{Width}" };
        for (int i = 0; i < Layers; i++)
        {
            List<(string, string)> own =
            [
                ("input_layernorm.weight", $"{Width}"), ("post_attention_layernorm.weight", $"{Width}"),
                ("self_attn.q_proj.weight", $"{query} {Width}"), ("self_attn.k_proj.weight", $"{keyValue} {Width}"), ("self_attn.v_proj.weight", $"{keyValue} {Width}"),
                ("self_attn.o_proj.weight", $"{Width} {query}"),
                ("mlp.gate_proj.weight", $"{Inner} {Width}"), ("mlp.up_proj.weight", $"{Inner} {Width}"), ("mlp.down_proj.weight", $"{Width} {Inner}"),
            ];
            if (architecture == "qwen2")
                own.AddRange([("self_attn.q_proj.bias", $"{query}"), ("self_attn.k_proj.bias", $"{keyValue}"), ("self_attn.v_proj.bias", $"{keyValue}")]);
            if (architecture == "qwen3")
                own.AddRange([("self_attn.q_norm.weight", $"{HeadWidth}"), ("self_attn.k_norm.weight", $"{HeadWidth}")]);
            foreach ((string name, string shape) in own)
                names[$"model.layers.{i}.{name}"] = shape;
        }

        if (!tied)
            names["lm_head.weight"] = $"{Vocabulary} {Width}";
        return names;
    }

    private void Train(string architecture, bool tied)
    {
        File.WriteAllText(Path.Combine(_folder, "text.txt"), string.Concat(Enumerable.Range(0, 50).Select(i => $"the {i % 10} cats sat on mat {i % 7}. ")));
        JsonObject model = new() { ["architecture"] = architecture, ["layers"] = Layers, ["heads"] = Heads, ["width"] = Width, ["feedForwardWidth"] = Inner, ["contextLength"] = Context, ["tieEmbeddings"] = tied };
        if (architecture != "gpt2")
            model["keyValueHeads"] = KeyValueHeads;
        JsonObject recipe = new()
        {
            ["name"] = "layout",
            ["tokenizer"] = new JsonObject { ["kind"] = "character", ["specialTokens"] = new JsonArray() },
            ["data"] = new JsonObject { ["train"] = new JsonArray("text.txt"), ["split"] = "position" },
            ["model"] = model,
            ["training"] = new JsonObject { ["steps"] = 1, ["batchSize"] = 2, ["computeType"] = "float32" },
        };
        Trainer.Run(RecipeFile.Read(recipe, "recipe"), new TrainerOptions
        {
            RecipeFolder = _folder,
            OutputDirectory = Path.Combine(_folder, "run"),
            Cancellation = TestContext.Current.CancellationToken,
        });
    }
}
