using System.Text.Json.Nodes;

namespace Ashlar.Training.Tests;

/// <summary>A translation recipe whose model learns a handful of short sentences in a second or two.</summary>
internal static class SmallTranslationRecipe
{
    /// <param name="architecture"><c>transformer</c> or <c>seq2seq</c>.</param>
    /// <param name="data">The recipe's <c>data</c>.</param>
    /// <param name="translation">The recipe's <c>translation</c>.</param>
    public static JsonObject Of(string architecture, JsonObject data, JsonObject translation) => new()
    {
        ["name"] = "small",
        ["task"] = "translation",
        ["tokenizer"] = new JsonObject { ["kind"] = "word-level", ["vocabularySize"] = 100 },
        ["data"] = data,
        ["translation"] = translation,
        ["model"] = architecture == "transformer"
            ? new JsonObject { ["architecture"] = architecture, ["layers"] = 1, ["heads"] = 2, ["width"] = 32, ["feedForwardWidth"] = 64, ["contextLength"] = 16, ["tieEmbeddings"] = false }
            : new JsonObject
            {
                ["architecture"] = architecture,
                ["layers"] = 1,
                ["width"] = 32,
                ["tieEmbeddings"] = false,
                ["seq2seq"] = new JsonObject { ["cell"] = "gru", ["embeddingWidth"] = 16, ["bidirectional"] = true, ["attention"] = "bahdanau" },
            },
        ["optimizer"] = new JsonObject { ["learningRate"] = 0.01, ["weightDecay"] = 0, ["beta2"] = 0.98 },
        ["schedule"] = new JsonObject { ["kind"] = "inverse-square-root", ["warmupSteps"] = 20 },
        ["training"] = new JsonObject { ["computeType"] = "float32", ["gradientAccumulation"] = 1, ["checkpointEvery"] = 7 },
        ["evaluation"] = new JsonObject { ["every"] = 8, ["maximumBatches"] = 2 },
    };
}
