using System.Text.Json.Nodes;
using static Ashlar.Checkpoints.Configurations.ConfigurationFile;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>The <c>config.json</c> of encoder-decoder Transformers: Marian's keys, and those that it has no word for.</summary>
internal static class TransformerConfigurationJson
{
    public static TransformerConfiguration Load(string path) => ConfigurationFile.Load(path, root =>
    {
        TransformerConfiguration configuration = Read(root);
        configuration.Validate();
        return configuration;
    });

    private static TransformerConfiguration Read(JsonObject root)
    {
        string type = Text(root, "model_type") ?? "(none)";
        bool marian = type == TransformerConfiguration.MarianType;
        if (!marian && type != TransformerConfiguration.ModelType)
            throw new InvalidDataException($"model_type is '{type}'; expected {TransformerConfiguration.MarianType} or {TransformerConfiguration.ModelType}.");
        if (Flag(root, "normalize_embedding") == true)
            throw new InvalidDataException("normalize_embedding is true; a norm after the embedding is not supported.");
        int sourceSize = Integer(root, "vocab_size");
        bool share = Flag(root, "share_encoder_decoder_embeddings") ?? marian;
        return new TransformerConfiguration
        {
            SourceVocabularySize = sourceSize,
            TargetVocabularySize = root["decoder_vocab_size"] is null ? sourceSize : Integer(root, "decoder_vocab_size"),
            Width = Integer(root, "d_model"),
            EncoderLayerCount = Integer(root, "encoder_layers"),
            DecoderLayerCount = Integer(root, "decoder_layers"),
            EncoderHeadCount = Integer(root, "encoder_attention_heads"),
            DecoderHeadCount = Integer(root, "decoder_attention_heads"),
            EncoderFeedForwardWidth = Integer(root, "encoder_ffn_dim"),
            DecoderFeedForwardWidth = Integer(root, "decoder_ffn_dim"),
            MaximumLength = Integer(root, "max_position_embeddings"),
            Activation = (Text(root, "activation_function") ?? "gelu") switch
            {
                "relu" => TransformerActivation.Relu,
                "gelu" => TransformerActivation.Gelu,
                "swish" or "silu" => TransformerActivation.Silu,
                "swiglu" => TransformerActivation.SwiGlu,
                string other => throw new InvalidDataException($"activation_function is '{other}'; expected relu, gelu, swish or swiglu."),
            },
            // MarianMTModel normalises after the sum whatever its file says of normalize_before.
            PreNorm = !marian && (Flag(root, "normalize_before") ?? false),
            Positions = (Text(root, "position_embedding_type") ?? "sinusoidal") switch
            {
                "sinusoidal" => PositionEncoding.Sinusoidal,
                "learned" => PositionEncoding.Learned,
                "rotary" => PositionEncoding.Rotary,
                string other => throw new InvalidDataException($"position_embedding_type is '{other}'; expected sinusoidal, learned or rotary."),
            },
            RopeTheta = Number(root, "rope_theta") ?? 10_000,
            NormEpsilon = Number(root, "layer_norm_eps") ?? 1e-5,
            ScaleEmbedding = Flag(root, "scale_embedding") ?? false,
            ShareEmbeddings = share,
            TieProjection = Flag(root, "tie_word_embeddings") ?? true,
            Dropout = Number(root, "dropout") ?? 0,
            AttentionDropout = Number(root, "attention_dropout") ?? 0,
            ActivationDropout = Number(root, "activation_dropout") ?? 0,
            Format = TranslationFormat.Read(root, endsSource: marian),
        };
    }

    public static JsonObject Write(TransformerConfiguration c)
    {
        JsonObject root = new()
        {
            ["architectures"] = new JsonArray(c.IsMarian ? "MarianMTModel" : "EncoderDecoderTransformer"),
            ["model_type"] = c.IsMarian ? TransformerConfiguration.MarianType : TransformerConfiguration.ModelType,
            ["is_encoder_decoder"] = true,
            ["vocab_size"] = c.SourceVocabularySize,
            ["decoder_vocab_size"] = c.TargetVocabularySize,
            ["d_model"] = c.Width,
            ["encoder_layers"] = c.EncoderLayerCount,
            ["decoder_layers"] = c.DecoderLayerCount,
            ["num_hidden_layers"] = c.EncoderLayerCount,
            ["encoder_attention_heads"] = c.EncoderHeadCount,
            ["decoder_attention_heads"] = c.DecoderHeadCount,
            ["encoder_ffn_dim"] = c.EncoderFeedForwardWidth,
            ["decoder_ffn_dim"] = c.DecoderFeedForwardWidth,
            ["max_position_embeddings"] = c.MaximumLength,
            ["activation_function"] = c.Activation switch
            {
                TransformerActivation.Relu => "relu",
                TransformerActivation.Gelu => "gelu",
                TransformerActivation.Silu => "swish",
                _ => "swiglu",
            },
            ["normalize_before"] = c.PreNorm,
            ["position_embedding_type"] = c.Positions switch
            {
                PositionEncoding.Sinusoidal => "sinusoidal",
                PositionEncoding.Learned => "learned",
                _ => "rotary",
            },
            ["layer_norm_eps"] = c.NormEpsilon,
            ["scale_embedding"] = c.ScaleEmbedding,
            ["share_encoder_decoder_embeddings"] = c.ShareEmbeddings,
            ["tie_word_embeddings"] = c.TieProjection,
            ["dropout"] = c.Dropout,
            ["attention_dropout"] = c.AttentionDropout,
            ["activation_dropout"] = c.ActivationDropout,
        };
        if (c.Positions == PositionEncoding.Rotary)
            root["rope_theta"] = c.RopeTheta;
        c.Format.Write(root);
        root["torch_dtype"] = "float32";
        return root;
    }
}
