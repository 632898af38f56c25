using Ashlar.Checkpoints.Configurations;
using Ashlar.Tokenizers;
using Ashlar.Training.Recipes;

namespace Ashlar.Training.Loop;

/// <summary>Turns the plain terms of a recipe into a recurrent model's configuration.</summary>
public static class RecurrentShape
{
    /// <summary>Whether the recipe's architecture is a recurrent cell.</summary>
    public static bool Describes(ModelRecipe model) => model.Architecture is "rnn-tanh" or "rnn-relu" or "lstm" or "gru";

    /// <summary>The configuration a recipe and its tokenizer ask for.</summary>
    /// <exception cref="InvalidDataException">The sizes do not fit together.</exception>
    public static RecurrentConfiguration Of(ModelRecipe model, Tokenizer tokenizer)
    {
        RecurrentConfiguration configuration = new()
        {
            Cell = RecurrentCells.Parse(model.Architecture),
            VocabularySize = tokenizer.VocabularySize,
            EmbeddingWidth = model.OneHotInput ? 0 : model.EmbeddingWidth > 0 ? model.EmbeddingWidth : model.Width,
            HiddenWidth = model.Width,
            LayerCount = model.Layers,
            TieEmbeddings = model.TieEmbeddings,
            InputDropout = model.InputDropout ?? model.Dropout,
            LayerDropout = model.LayerDropout ?? model.Dropout,
            OutputDropout = model.OutputDropout ?? model.Dropout,
            EmbeddingDropout = model.EmbeddingDropout,
            VariationalDropout = model.VariationalDropout,
            WeightDrop = model.WeightDrop,
            BeginOfTextId = tokenizer.SpecialTokens.BeginOfText ?? tokenizer.SpecialTokens.EndOfText,
            EndOfTextIds = tokenizer.SpecialTokens.EndOfText is { } end ? [end] : [],
        };
        configuration.Validate();
        return configuration;
    }
}
