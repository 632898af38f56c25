namespace Ashlar.Checkpoints.Configurations;

/// <summary>Which choices of a recurrent encoder-decoder go together.</summary>
internal static class RecurrentTranslationRules
{
    public static void Check(RecurrentTranslationConfiguration c)
    {
        Positive("vocab_size", c.SourceVocabularySize);
        Positive("decoder_vocab_size", c.TargetVocabularySize);
        Positive("embedding_size", c.EmbeddingWidth);
        Positive("encoder_hidden_size", c.EncoderWidth);
        Positive("decoder_hidden_size", c.DecoderWidth);
        Positive("encoder_layers", c.EncoderLayerCount);
        Positive("decoder_layers", c.DecoderLayerCount);
        Positive("pooling_count", c.PoolingCount);
        Positive("max_position_embeddings", c.MaximumLength ?? 1);
        Require(c.AttentionWidth >= 0, $"attention_size must be positive, or 0 for the decoder's width, not {c.AttentionWidth}.");
        Require(c.ReadoutWidth >= 0, $"readout_size must be positive, or 0 for the decoder's width, not {c.ReadoutWidth}.");
        Probability("embedding_dropout", c.EmbeddingDropout);
        Probability("layer_dropout", c.LayerDropout);
        Probability("output_dropout", c.OutputDropout);
        c.Format.Validate(c.SourceVocabularySize, c.TargetVocabularySize);

        if (Conflicts(c).FirstOrDefault() is { } conflict)
            throw new InvalidDataException(conflict.ToString());
    }

    /// <summary>The choices that do not go together; their numbers are taken to be possible ones.</summary>
    public static IEnumerable<ConfigurationConflict> Conflicts(RecurrentTranslationConfiguration c)
    {
        string attention = $"{{attention}} is {c.Attention.Name()}";
        if (c.FeedSentence && c.Attention != RecurrentAttention.None)
            yield return new("feed_sentence", "true", $"false, because {attention}");
        if (c.InputFeeding && !c.IsLuong)
            yield return new("input_feeding", "true", $"false, because {attention}; it is for a Luong attention");
        if (c.Attention == RecurrentAttention.LuongDot && c.MemoryWidth != c.DecoderWidth)
            yield return new("decoder_hidden_size", $"{c.DecoderWidth}", $"the width of the encoder's outputs ({c.MemoryWidth}), because {attention}");
        if (c.Attention == RecurrentAttention.Gnmt && c.DecoderLayerCount < 2)
            yield return new("decoder_layers", $"{c.DecoderLayerCount}", $"at least 2, because {attention} and the layers above the first read the context");
        if (c.Attention == RecurrentAttention.None && c.Bridge == RecurrentBridge.Zero && !c.FeedSentence)
            yield return new("bridge", "zero", $"dense or copy, or {{feed_sentence}}, because {attention} and the decoder would know nothing of the source");
        if (c.ShareEmbeddings && c.SourceVocabularySize != c.TargetVocabularySize)
            yield return ConfigurationConflict.Shared(c.SourceVocabularySize, c.TargetVocabularySize);
        if (c.TieProjection && c.EmbeddingWidth != c.OutputWidth)
            yield return new("tie_word_embeddings", "true", $"false, or {{embedding_size}} ({c.EmbeddingWidth}) equal to the width that is projected ({c.OutputWidth})");
        if (c.Bridge != RecurrentBridge.Copy)
            yield break;
        if (c.EncoderLayerCount != c.DecoderLayerCount)
            yield return new("decoder_layers", $"{c.DecoderLayerCount}", $"as many as {{encoder_layers}} ({c.EncoderLayerCount}), because {{bridge}} is copy");
        for (int layer = 0; layer < c.EncoderLayerCount; layer++)
        {
            if (c.EncoderOutputWidth(layer) != c.DecoderWidth)
                yield return new("decoder_hidden_size", $"{c.DecoderWidth}", $"the width of encoder layer {layer}'s state ({c.EncoderOutputWidth(layer)}), because {{bridge}} is copy");
        }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
            throw new InvalidDataException(message);
    }

    private static void Positive(string key, int value) => Require(value > 0, $"{key} must be positive, not {value}.");

    private static void Probability(string key, double value) =>
        Require(value is >= 0 and < 1, $"{key} ({value}) must be at least 0 and below 1.");
}
