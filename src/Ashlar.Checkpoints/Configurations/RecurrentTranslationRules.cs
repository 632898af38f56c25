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

        Require(
            !c.FeedSentence || c.Attention == RecurrentAttention.None,
            $"feed_sentence is for models without attention; attention is '{c.Attention.Name()}'.");
        Require(!c.InputFeeding || c.IsLuong, $"input_feeding is for a Luong attention; attention is '{c.Attention.Name()}'.");
        Require(
            c.Attention != RecurrentAttention.LuongDot || c.MemoryWidth == c.DecoderWidth,
            $"attention luong-dot needs encoder outputs ({c.MemoryWidth}) as wide as decoder_hidden_size ({c.DecoderWidth}).");
        Require(
            c.Attention != RecurrentAttention.Gnmt || c.DecoderLayerCount > 1,
            "attention gnmt needs decoder_layers of at least 2: the layers above the first read the context.");
        Require(
            c.Attention != RecurrentAttention.None || c.FeedSentence || c.Bridge != RecurrentBridge.Zero,
            "bridge zero without attention or feed_sentence leaves the decoder without the source.");
        Require(
            !c.ShareEmbeddings || c.SourceVocabularySize == c.TargetVocabularySize,
            $"share_encoder_decoder_embeddings needs vocab_size ({c.SourceVocabularySize}) equal to decoder_vocab_size ({c.TargetVocabularySize}).");
        Require(
            !c.TieProjection || c.EmbeddingWidth == c.OutputWidth,
            $"tie_word_embeddings needs embedding_size ({c.EmbeddingWidth}) equal to the width that is projected ({c.OutputWidth}).");
        if (c.Bridge == RecurrentBridge.Copy)
        {
            Require(
                c.EncoderLayerCount == c.DecoderLayerCount,
                $"bridge copy needs encoder_layers ({c.EncoderLayerCount}) equal to decoder_layers ({c.DecoderLayerCount}).");
            for (int layer = 0; layer < c.EncoderLayerCount; layer++)
                Require(
                    c.EncoderOutputWidth(layer) == c.DecoderWidth,
                    $"bridge copy needs encoder layer {layer}'s state ({c.EncoderOutputWidth(layer)}) as wide as decoder_hidden_size ({c.DecoderWidth}).");
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
