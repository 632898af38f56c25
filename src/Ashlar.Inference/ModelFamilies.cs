using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Models;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Inference.Models.Recurrent;

namespace Ashlar.Inference;

/// <summary>
/// The families of models that a folder can hold, by the <c>model_type</c> of its <c>config.json</c>. A new family is one line
/// here and a reader of its configuration.
/// </summary>
public static class ModelFamilies
{
    private static readonly Dictionary<string, Func<string, ModelDescription>> Readers = new()
    {
        ["openai-gpt"] = Decoder,
        ["gpt2"] = Decoder,
        ["llama"] = Decoder,
        ["qwen2"] = Decoder,
        ["qwen3"] = Decoder,
        [NGramConfiguration.ModelType] = NGram,
        [RecurrentConfiguration.ModelType] = Recurrent,
    };

    /// <summary>Reads the configuration of a folder; no weights yet.</summary>
    /// <exception cref="FileNotFoundException">There is no <c>config.json</c>.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or names a family that is not here.</exception>
    internal static ModelDescription Describe(string folder)
    {
        string type = TypeOf(folder);
        return Readers.TryGetValue(type, out Func<string, ModelDescription>? read)
            ? read(folder)
            : throw new InvalidDataException(
                $"{ConfigurationPath(folder)}: model_type is '{type}'; expected {string.Join(", ", Readers.Keys.SkipLast(1))} or {Readers.Keys.Last()}.");
    }

    /// <summary>The <c>model_type</c> of a folder.</summary>
    /// <exception cref="FileNotFoundException">There is no <c>config.json</c>.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or has no <c>model_type</c>.</exception>
    public static string TypeOf(string folder)
    {
        string path = ConfigurationPath(folder);
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected the config.json of a model.", path);
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path))?["model_type"]?.GetValue<string>()
                ?? throw new InvalidDataException($"{path}: there is no model_type; expected one of {string.Join(", ", Readers.Keys)}.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"{path}: not a JSON object with a model_type ({error.Message}).", error);
        }
    }

    private static string ConfigurationPath(string folder) => Path.Combine(folder, "config.json");

    private static ModelDescription Decoder(string folder)
    {
        DecoderConfiguration configuration = DecoderConfiguration.Load(ConfigurationPath(folder));
        return new(configuration.VocabularySize, configuration.EndOfTextIds, threadCount =>
        {
            using ITensorSource tensors = FolderWeights.Open(folder);
            return DecoderGraph.Load(configuration, tensors, threadCount);
        });
    }

    private static ModelDescription NGram(string folder)
    {
        (int vocabularySize, int? endId) = NGramConfiguration.Read(ConfigurationPath(folder));
        return new(vocabularySize, endId is { } end ? [end] : [], _ =>
        {
            string path = Path.Combine(folder, NGramModel.FileName);
            NGramModel model = NGramModel.Open(path);
            if (model.VocabularySize == vocabularySize)
                return model;
            model.Dispose();
            throw new InvalidDataException($"{path}: the vocabulary has {model.VocabularySize} tokens and config.json says {vocabularySize}; they do not belong together.");
        });
    }

    private static ModelDescription Recurrent(string folder)
    {
        RecurrentConfiguration configuration = RecurrentConfiguration.Load(ConfigurationPath(folder));
        return new(configuration.VocabularySize, configuration.EndOfTextIds, threadCount =>
        {
            using ITensorSource tensors = FolderWeights.Open(folder);
            return RecurrentGraph.Load(configuration, tensors, threadCount);
        });
    }
}

/// <summary>What a folder says of its model before the weights are read.</summary>
/// <param name="VocabularySize">Number of logits.</param>
/// <param name="EndOfTextIds">Tokens that end a text.</param>
/// <param name="Open">Reads the weights; the argument is the number of threads for matrix products, 0 for one a processor.</param>
internal sealed record ModelDescription(int VocabularySize, IReadOnlyList<int> EndOfTextIds, Func<int, ILanguageModel> Open);
