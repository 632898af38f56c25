using Ashlar.Checkpoints.Configurations;
using Ashlar.Tokenizers;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Loop;

/// <summary>Turns the plain terms of a recipe into a decoder's configuration.</summary>
public static class ModelShape
{
    /// <summary>The configuration a recipe and its tokenizer ask for.</summary>
    /// <exception cref="InvalidDataException">The sizes do not fit together.</exception>
    public static DecoderConfiguration Of(ModelRecipe model, Tokenizer tokenizer) =>
        Of(model, tokenizer.VocabularySize) with
        {
            BeginOfTextId = tokenizer.SpecialTokens.BeginOfText,
            EndOfTextIds = tokenizer.SpecialTokens.EndOfText is { } end ? [end] : [],
        };

    /// <summary>The configuration a recipe asks for with a vocabulary of some size.</summary>
    /// <exception cref="InvalidDataException">The sizes do not fit together.</exception>
    public static DecoderConfiguration Of(ModelRecipe model, int vocabularySize)
    {
        DecoderArchitecture architecture = model.Architecture switch
        {
            "gpt1" => DecoderArchitecture.Gpt1,
            "gpt2" => DecoderArchitecture.Gpt2,
            "llama" => DecoderArchitecture.Llama,
            "qwen2" => DecoderArchitecture.Qwen2,
            _ => DecoderArchitecture.Qwen3,
        };
        bool gpt2 = architecture is DecoderArchitecture.Gpt1 or DecoderArchitecture.Gpt2;
        DecoderConfiguration configuration = new()
        {
            Architecture = architecture,
            VocabularySize = vocabularySize,
            ContextLength = model.ContextLength,
            Width = model.Width,
            LayerCount = model.Layers,
            HeadCount = model.Heads,
            KeyValueHeadCount = model.KeyValueHeads > 0 ? model.KeyValueHeads : model.Heads,
            HeadWidth = model.HeadWidth > 0 ? model.HeadWidth : model.Width / model.Heads,
            FeedForwardWidth = model.FeedForwardWidth > 0 ? model.FeedForwardWidth : gpt2 ? 4 * model.Width : SwiGluWidth(model.Width),
            NormEpsilon = gpt2 ? 1e-5 : 1e-6,
            RopeTheta = model.RopeTheta,
            TieEmbeddings = model.TieEmbeddings,
            QueryKeyValueBias = gpt2 || architecture == DecoderArchitecture.Qwen2,
            Dropout = model.Dropout,
        };
        configuration.Validate();
        return configuration;
    }

    // 8/3 of the width, so that three matrices cost what two of 4x do (Shazeer 2020, section 2), to a multiple of 32.
    private static int SwiGluWidth(int width) => (width * 8 / 3 + 31) / 32 * 32;
}
