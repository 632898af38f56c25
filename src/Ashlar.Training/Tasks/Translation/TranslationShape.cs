using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Tasks.Translation;

/// <summary>Turns the plain terms of a recipe into a translation model's configuration.</summary>
internal static class TranslationShape
{
    /// <summary>An encoder-decoder Transformer.</summary>
    /// <exception cref="InvalidDataException">The sizes do not fit together, or a name is unknown.</exception>
    public static TransformerConfiguration Transformer(Recipe recipe, TranslationData data)
    {
        TransformerConfiguration configuration = DescribeTransformer(
            recipe, data.Vocabularies.Source.VocabularySize, data.Vocabularies.Target.VocabularySize, data.Format);
        Validate(recipe, configuration.Validate);
        return configuration;
    }

    /// <summary>The same, whether or not it makes sense.</summary>
    /// <exception cref="InvalidDataException">A name is unknown.</exception>
    public static TransformerConfiguration DescribeTransformer(Recipe recipe, int sourceVocabularySize, int targetVocabularySize, TranslationFormat format)
    {
        ModelRecipe model = recipe.Model;
        TransformerRecipe more = model.Transformer;
        int inner = model.FeedForwardWidth > 0 ? model.FeedForwardWidth : 4 * model.Width;
        return new TransformerConfiguration
        {
            SourceVocabularySize = sourceVocabularySize,
            TargetVocabularySize = targetVocabularySize,
            Width = model.Width,
            EncoderLayerCount = model.Layers,
            DecoderLayerCount = Or(more.DecoderLayers, model.Layers),
            EncoderHeadCount = model.Heads,
            DecoderHeadCount = Or(more.DecoderHeads, model.Heads),
            EncoderFeedForwardWidth = inner,
            DecoderFeedForwardWidth = Or(more.DecoderFeedForwardWidth, inner),
            MaximumLength = model.ContextLength,
            Activation = more.Activation switch
            {
                "relu" => TransformerActivation.Relu,
                "gelu" => TransformerActivation.Gelu,
                "silu" => TransformerActivation.Silu,
                "swiglu" => TransformerActivation.SwiGlu,
                _ => throw new InvalidDataException($"{recipe.Name}: model.transformer.activation is {more.Activation}; expected relu, gelu, silu or swiglu."),
            },
            PreNorm = more.PreNorm,
            Positions = more.Positions switch
            {
                "sinusoidal" => PositionEncoding.Sinusoidal,
                "learned" => PositionEncoding.Learned,
                "rotary" => PositionEncoding.Rotary,
                _ => throw new InvalidDataException($"{recipe.Name}: model.transformer.positions is {more.Positions}; expected sinusoidal, learned or rotary."),
            },
            RopeTheta = model.RopeTheta,
            ShareEmbeddings = more.ShareEmbeddings,
            TieProjection = model.TieEmbeddings,
            Dropout = model.Dropout,
            AttentionDropout = more.AttentionDropout,
            ActivationDropout = more.ActivationDropout,
            Format = format,
        };
    }

    /// <summary>A recurrent encoder-decoder.</summary>
    /// <exception cref="InvalidDataException">The choices do not go together, or a name is unknown.</exception>
    public static RecurrentTranslationConfiguration Recurrent(Recipe recipe, TranslationData data)
    {
        RecurrentTranslationConfiguration configuration = DescribeRecurrent(
            recipe, data.Vocabularies.Source.VocabularySize, data.Vocabularies.Target.VocabularySize, data.Format);
        Validate(recipe, configuration.Validate);
        return configuration;
    }

    /// <summary>The same, whether or not it makes sense.</summary>
    /// <exception cref="InvalidDataException">A name is unknown.</exception>
    public static RecurrentTranslationConfiguration DescribeRecurrent(Recipe recipe, int sourceVocabularySize, int targetVocabularySize, TranslationFormat format)
    {
        ModelRecipe model = recipe.Model;
        Seq2SeqRecipe more = model.Seq2seq;
        return new RecurrentTranslationConfiguration
        {
            Cell = RecurrentCells.Parse(more.Cell),
            SourceVocabularySize = sourceVocabularySize,
            TargetVocabularySize = targetVocabularySize,
            EmbeddingWidth = more.EmbeddingWidth,
            EncoderWidth = Or(more.EncoderWidth, model.Width),
            DecoderWidth = model.Width,
            EncoderLayerCount = model.Layers,
            DecoderLayerCount = Or(more.DecoderLayers, model.Layers),
            Bidirectional = more.Bidirectional,
            Residual = more.Residual,
            Bridge = RecurrentTranslationNames.ParseBridge(more.Bridge),
            Pooling = RecurrentTranslationNames.ParsePooling(more.Pooling),
            PoolingCount = more.PoolingCount,
            FeedSentence = more.FeedSentence,
            Attention = RecurrentTranslationNames.ParseAttention(more.Attention),
            AttentionWidth = more.AttentionWidth,
            InputFeeding = more.InputFeeding,
            ReadoutWidth = more.ReadoutWidth,
            ShareEmbeddings = more.ShareEmbeddings,
            TieProjection = model.TieEmbeddings,
            EmbeddingDropout = model.Dropout,
            LayerDropout = model.Dropout,
            OutputDropout = model.Dropout,
            Format = format,
        };
    }

    // What is left to find now hangs on the vocabularies.
    private static void Validate(Recipe recipe, Action check)
    {
        try
        {
            check();
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{recipe.Name}: model: {error.Message}", error);
        }
    }

    private static int Or(int value, int otherwise) => value > 0 ? value : otherwise;
}
