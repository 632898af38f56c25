using System.Text.Json.Nodes;
using static Ashlar.Checkpoints.Configurations.ConfigurationFile;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>Hugging Face's <c>config.json</c> for decoders, read and written.</summary>
internal static class DecoderConfigurationJson
{
    public static DecoderConfiguration Load(string path) => ConfigurationFile.Load(path, root =>
    {
        DecoderConfiguration configuration = Read(root);
        configuration.Validate();
        return configuration;
    });

    private static DecoderConfiguration Read(JsonObject root)
    {
        string type = Text(root, "model_type") ?? "(none)";
        DecoderArchitecture architecture = type switch
        {
            "openai-gpt" => DecoderArchitecture.Gpt1,
            "gpt2" => DecoderArchitecture.Gpt2,
            "llama" => DecoderArchitecture.Llama,
            "qwen2" => DecoderArchitecture.Qwen2,
            "qwen3" => DecoderArchitecture.Qwen3,
            _ => throw new InvalidDataException($"model_type is '{type}'; expected openai-gpt, gpt2, llama, qwen2 or qwen3."),
        };
        return architecture switch
        {
            DecoderArchitecture.Gpt1 => ReadGpt1(root),
            DecoderArchitecture.Gpt2 => ReadGpt2(root),
            _ => ReadLlama(root, architecture),
        };
    }

    // The same keys as GPT-2's but for the activation: here "gelu" means the tanh approximation, as in the published code.
    private static DecoderConfiguration ReadGpt1(JsonObject root)
    {
        string activation = Text(root, "afn") ?? "gelu";
        if (activation != "gelu")
            throw new InvalidDataException($"afn is '{activation}'; expected gelu.");
        JsonObject rest = root.DeepClone().AsObject();
        rest.Remove("activation_function");
        rest.Remove("n_inner");
        return ReadGpt2(rest) with { Architecture = DecoderArchitecture.Gpt1 };
    }

    private static DecoderConfiguration ReadGpt2(JsonObject root)
    {
        int width = Integer(root, "n_embd");
        int heads = Integer(root, "n_head");
        string activation = Text(root, "activation_function") ?? "gelu_new";
        if (activation is not ("gelu_new" or "gelu" or "gelu_pytorch_tanh"))
            throw new InvalidDataException($"activation_function is '{activation}'; expected gelu_new, gelu_pytorch_tanh or gelu.");
        return new DecoderConfiguration
        {
            Architecture = DecoderArchitecture.Gpt2,
            VocabularySize = Integer(root, "vocab_size"),
            ContextLength = Integer(root, "n_positions", "n_ctx"),
            Width = width,
            LayerCount = Integer(root, "n_layer"),
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadWidth = heads > 0 ? width / heads : 0,
            FeedForwardWidth = root["n_inner"] is null ? 4 * width : Integer(root, "n_inner"),
            NormEpsilon = Number(root, "layer_norm_epsilon") ?? 1e-5,
            TanhGelu = activation != "gelu",
            TieEmbeddings = Flag(root, "tie_word_embeddings") ?? true,
            QueryKeyValueBias = true,
            Dropout = Number(root, "resid_pdrop") ?? 0,
            BeginOfTextId = (int?)Number(root, "bos_token_id"),
            EndOfTextIds = Integers(root, "eos_token_id"),
        };
    }

    private static DecoderConfiguration ReadLlama(JsonObject root, DecoderArchitecture architecture)
    {
        string activation = Text(root, "hidden_act") ?? "silu";
        if (activation != "silu")
            throw new InvalidDataException($"hidden_act is '{activation}'; expected silu.");
        if (Flag(root, "mlp_bias") == true)
            throw new InvalidDataException("mlp_bias is true; a feed-forward layer with biases is not supported.");
        if (Flag(root, "use_sliding_window") == true)
            throw new InvalidDataException("use_sliding_window is true; sliding-window attention is not supported.");
        int width = Integer(root, "hidden_size");
        int heads = Integer(root, "num_attention_heads");
        bool bias = Flag(root, "attention_bias") ?? architecture == DecoderArchitecture.Qwen2;
        if (bias && architecture != DecoderArchitecture.Qwen2)
            throw new InvalidDataException("attention_bias is true; biases on query, key and value are supported for qwen2 only.");
        return new DecoderConfiguration
        {
            Architecture = architecture,
            VocabularySize = Integer(root, "vocab_size"),
            ContextLength = Integer(root, "max_position_embeddings"),
            Width = width,
            LayerCount = Integer(root, "num_hidden_layers"),
            HeadCount = heads,
            KeyValueHeadCount = root["num_key_value_heads"] is null ? heads : Integer(root, "num_key_value_heads"),
            HeadWidth = root["head_dim"] is null ? (heads > 0 ? width / heads : 0) : Integer(root, "head_dim"),
            FeedForwardWidth = Integer(root, "intermediate_size"),
            NormEpsilon = Number(root, "rms_norm_eps") ?? 1e-6,
            RopeTheta = RopeTheta(root),
            RopeScaling = RopeScaling(root),
            TieEmbeddings = Flag(root, "tie_word_embeddings") ?? false,
            QueryKeyValueBias = architecture == DecoderArchitecture.Qwen2,
            Dropout = Number(root, "attention_dropout") ?? 0,
            BeginOfTextId = (int?)Number(root, "bos_token_id"),
            EndOfTextIds = Integers(root, "eos_token_id"),
        };
    }

    private static double RopeTheta(JsonObject root) =>
        Number(root, "rope_theta")
        ?? (root["rope_parameters"] is JsonObject nested ? Number(nested, "rope_theta") : null)
        ?? 10_000;

    private static Llama3RopeScaling? RopeScaling(JsonObject root)
    {
        if ((root["rope_scaling"] ?? root["rope_parameters"]) is not JsonObject scaling)
            return null;
        string type = Text(scaling, "rope_type") ?? Text(scaling, "type") ?? "default";
        return type switch
        {
            "default" => null,
            "llama3" => new Llama3RopeScaling(
                Number(scaling, "factor") ?? 8,
                Number(scaling, "low_freq_factor") ?? 1,
                Number(scaling, "high_freq_factor") ?? 4,
                Integer(scaling, "original_max_position_embeddings")),
            _ => throw new InvalidDataException($"rope_scaling has rope_type '{type}'; expected default or llama3."),
        };
    }

    public static JsonObject Write(DecoderConfiguration c) =>
        c.Architecture switch
        {
            DecoderArchitecture.Gpt1 => WriteGpt1(c),
            DecoderArchitecture.Gpt2 => WriteGpt2(c),
            _ => WriteLlama(c),
        };

    private static JsonObject WriteGpt1(DecoderConfiguration c)
    {
        if (!c.TanhGelu || c.FeedForwardWidth != 4 * c.Width)
            throw new InvalidDataException("a GPT-1 configuration has a feed-forward layer of four times the width and the tanh form of GELU.");
        JsonObject root = new()
        {
            ["architectures"] = new JsonArray("OpenAIGPTLMHeadModel"),
            ["model_type"] = "openai-gpt",
            ["vocab_size"] = c.VocabularySize,
            ["n_positions"] = c.ContextLength,
            ["n_ctx"] = c.ContextLength,
            ["n_embd"] = c.Width,
            ["n_layer"] = c.LayerCount,
            ["n_head"] = c.HeadCount,
            ["afn"] = "gelu",
            ["layer_norm_epsilon"] = c.NormEpsilon,
            ["embd_pdrop"] = c.Dropout,
            ["attn_pdrop"] = c.Dropout,
            ["resid_pdrop"] = c.Dropout,
        };
        WriteShared(root, c);
        return root;
    }

    private static JsonObject WriteGpt2(DecoderConfiguration c)
    {
        JsonObject root = new()
        {
            ["architectures"] = new JsonArray("GPT2LMHeadModel"),
            ["model_type"] = "gpt2",
            ["vocab_size"] = c.VocabularySize,
            ["n_positions"] = c.ContextLength,
            ["n_ctx"] = c.ContextLength,
            ["n_embd"] = c.Width,
            ["n_layer"] = c.LayerCount,
            ["n_head"] = c.HeadCount,
            ["n_inner"] = c.FeedForwardWidth,
            ["activation_function"] = c.TanhGelu ? "gelu_new" : "gelu",
            ["layer_norm_epsilon"] = c.NormEpsilon,
            ["embd_pdrop"] = c.Dropout,
            ["attn_pdrop"] = c.Dropout,
            ["resid_pdrop"] = c.Dropout,
        };
        WriteShared(root, c);
        return root;
    }

    private static JsonObject WriteLlama(DecoderConfiguration c)
    {
        (string name, string type) = c.Architecture switch
        {
            DecoderArchitecture.Qwen2 => ("Qwen2ForCausalLM", "qwen2"),
            DecoderArchitecture.Qwen3 => ("Qwen3ForCausalLM", "qwen3"),
            _ => ("LlamaForCausalLM", "llama"),
        };
        JsonObject root = new()
        {
            ["architectures"] = new JsonArray(name),
            ["model_type"] = type,
            ["vocab_size"] = c.VocabularySize,
            ["max_position_embeddings"] = c.ContextLength,
            ["hidden_size"] = c.Width,
            ["num_hidden_layers"] = c.LayerCount,
            ["num_attention_heads"] = c.HeadCount,
            ["num_key_value_heads"] = c.KeyValueHeadCount,
            ["head_dim"] = c.HeadWidth,
            ["intermediate_size"] = c.FeedForwardWidth,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = c.NormEpsilon,
            ["rope_theta"] = c.RopeTheta,
            ["attention_dropout"] = c.Dropout,
        };
        if (c.Architecture != DecoderArchitecture.Qwen2)
            root["attention_bias"] = false;
        if (c.RopeScaling is { } scaling)
        {
            root["rope_scaling"] = new JsonObject
            {
                ["rope_type"] = "llama3",
                ["factor"] = scaling.Factor,
                ["low_freq_factor"] = scaling.LowFrequencyFactor,
                ["high_freq_factor"] = scaling.HighFrequencyFactor,
                ["original_max_position_embeddings"] = scaling.OriginalContextLength,
            };
        }

        WriteShared(root, c);
        return root;
    }

    private static void WriteShared(JsonObject root, DecoderConfiguration c)
    {
        root["tie_word_embeddings"] = c.TieEmbeddings;
        root["bos_token_id"] = c.BeginOfTextId;
        root["eos_token_id"] = IdsToJson(c.EndOfTextIds);
        root["torch_dtype"] = "float32";
    }
}
