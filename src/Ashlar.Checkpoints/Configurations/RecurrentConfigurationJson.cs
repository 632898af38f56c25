using System.Text.Json.Nodes;
using static Ashlar.Checkpoints.Configurations.ConfigurationFile;

namespace Ashlar.Checkpoints.Configurations;

/// <summary>The <c>config.json</c> of recurrent language models, read and written.</summary>
internal static class RecurrentConfigurationJson
{
    public static RecurrentConfiguration Load(string path) => ConfigurationFile.Load(path, root =>
    {
        RecurrentConfiguration configuration = Read(root);
        configuration.Validate();
        return configuration;
    });

    private static RecurrentConfiguration Read(JsonObject root)
    {
        string type = Text(root, "model_type") ?? "(none)";
        if (type != RecurrentConfiguration.ModelType)
            throw new InvalidDataException($"model_type is '{type}'; expected {RecurrentConfiguration.ModelType}.");
        return new RecurrentConfiguration
        {
            Cell = RecurrentCells.Parse(Text(root, "cell") ?? "(none)"),
            VocabularySize = Integer(root, "vocab_size"),
            EmbeddingWidth = Integer(root, "embedding_size"),
            HiddenWidth = Integer(root, "hidden_size"),
            LayerCount = Integer(root, "num_hidden_layers"),
            TieEmbeddings = Flag(root, "tie_word_embeddings") ?? false,
            Bias = Flag(root, "bias") ?? true,
            ProjectionBias = Flag(root, "projection_bias") ?? true,
            InputDropout = Number(root, "input_dropout") ?? 0,
            LayerDropout = Number(root, "layer_dropout") ?? 0,
            OutputDropout = Number(root, "output_dropout") ?? 0,
            EmbeddingDropout = Number(root, "embedding_dropout") ?? 0,
            VariationalDropout = Flag(root, "variational_dropout") ?? false,
            WeightDrop = Number(root, "weight_drop") ?? 0,
            BeginOfTextId = (int?)Number(root, "bos_token_id"),
            EndOfTextIds = Integers(root, "eos_token_id"),
        };
    }

    public static JsonObject Write(RecurrentConfiguration c) => new()
    {
        ["architectures"] = new JsonArray("RecurrentLMHeadModel"),
        ["model_type"] = RecurrentConfiguration.ModelType,
        ["cell"] = c.Cell.Name(),
        ["vocab_size"] = c.VocabularySize,
        ["embedding_size"] = c.EmbeddingWidth,
        ["hidden_size"] = c.HiddenWidth,
        ["num_hidden_layers"] = c.LayerCount,
        ["tie_word_embeddings"] = c.TieEmbeddings,
        ["bias"] = c.Bias,
        ["projection_bias"] = c.ProjectionBias,
        ["input_dropout"] = c.InputDropout,
        ["layer_dropout"] = c.LayerDropout,
        ["output_dropout"] = c.OutputDropout,
        ["embedding_dropout"] = c.EmbeddingDropout,
        ["variational_dropout"] = c.VariationalDropout,
        ["weight_drop"] = c.WeightDrop,
        ["bos_token_id"] = c.BeginOfTextId,
        ["eos_token_id"] = IdsToJson(c.EndOfTextIds),
        ["torch_dtype"] = "float32",
    };
}
