using System.Text.Json.Nodes;
using static Ashlar.Checkpoints.Configurations.ConfigurationFile;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>The <c>config.json</c> of recurrent encoder-decoders, read and written.</summary>
internal static class RecurrentTranslationJson
{
    public static RecurrentTranslationConfiguration Load(string path) => ConfigurationFile.Load(path, root =>
    {
        RecurrentTranslationConfiguration configuration = Read(root);
        configuration.Validate();
        return configuration;
    });

    private static RecurrentTranslationConfiguration Read(JsonObject root)
    {
        string type = Text(root, "model_type") ?? "(none)";
        if (type != RecurrentTranslationConfiguration.ModelType)
            throw new InvalidDataException($"model_type is '{type}'; expected {RecurrentTranslationConfiguration.ModelType}.");
        return new RecurrentTranslationConfiguration
        {
            Cell = RecurrentCells.Parse(Text(root, "cell") ?? "(none)"),
            SourceVocabularySize = Integer(root, "vocab_size"),
            TargetVocabularySize = Integer(root, "decoder_vocab_size"),
            EmbeddingWidth = Integer(root, "embedding_size"),
            EncoderWidth = Integer(root, "encoder_hidden_size"),
            DecoderWidth = Integer(root, "decoder_hidden_size"),
            EncoderLayerCount = Integer(root, "encoder_layers"),
            DecoderLayerCount = Integer(root, "decoder_layers"),
            Bidirectional = Flag(root, "bidirectional") ?? false,
            Residual = Flag(root, "residual") ?? false,
            Bridge = RecurrentTranslationNames.ParseBridge(Text(root, "bridge") ?? "(none)"),
            Pooling = RecurrentTranslationNames.ParsePooling(Text(root, "pooling") ?? "last"),
            PoolingCount = root["pooling_count"] is null ? 3 : Integer(root, "pooling_count"),
            FeedSentence = Flag(root, "feed_sentence") ?? false,
            Attention = RecurrentTranslationNames.ParseAttention(Text(root, "attention") ?? "(none)"),
            AttentionWidth = root["attention_size"] is null ? 0 : Integer(root, "attention_size"),
            InputFeeding = Flag(root, "input_feeding") ?? false,
            ReadoutWidth = root["readout_size"] is null ? 0 : Integer(root, "readout_size"),
            ShareEmbeddings = Flag(root, "share_encoder_decoder_embeddings") ?? false,
            TieProjection = Flag(root, "tie_word_embeddings") ?? false,
            MaximumLength = root["max_position_embeddings"] is null ? null : Integer(root, "max_position_embeddings"),
            EmbeddingDropout = Number(root, "embedding_dropout") ?? 0,
            LayerDropout = Number(root, "layer_dropout") ?? 0,
            OutputDropout = Number(root, "output_dropout") ?? 0,
            Format = TranslationFormat.Read(root, endsSource: false),
        };
    }

    public static JsonObject Write(RecurrentTranslationConfiguration c)
    {
        JsonObject root = new()
        {
            ["architectures"] = new JsonArray("RecurrentTranslationModel"),
            ["model_type"] = RecurrentTranslationConfiguration.ModelType,
            ["is_encoder_decoder"] = true,
            ["cell"] = c.Cell.Name(),
            ["vocab_size"] = c.SourceVocabularySize,
            ["decoder_vocab_size"] = c.TargetVocabularySize,
            ["embedding_size"] = c.EmbeddingWidth,
            ["encoder_hidden_size"] = c.EncoderWidth,
            ["decoder_hidden_size"] = c.DecoderWidth,
            ["encoder_layers"] = c.EncoderLayerCount,
            ["decoder_layers"] = c.DecoderLayerCount,
            ["bidirectional"] = c.Bidirectional,
            ["residual"] = c.Residual,
            ["bridge"] = c.Bridge.Name(),
            ["pooling"] = c.Pooling.Name(),
            ["pooling_count"] = c.PoolingCount,
            ["feed_sentence"] = c.FeedSentence,
            ["attention"] = c.Attention.Name(),
            ["attention_size"] = c.AttentionWidth,
            ["input_feeding"] = c.InputFeeding,
            ["readout_size"] = c.ReadoutWidth,
            ["share_encoder_decoder_embeddings"] = c.ShareEmbeddings,
            ["tie_word_embeddings"] = c.TieProjection,
            ["max_position_embeddings"] = c.MaximumLength,
            ["embedding_dropout"] = c.EmbeddingDropout,
            ["layer_dropout"] = c.LayerDropout,
            ["output_dropout"] = c.OutputDropout,
        };
        c.Format.Write(root);
        root["torch_dtype"] = "float32";
        return root;
    }
}
