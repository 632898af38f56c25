using System.Text.Json;
using System.Text.Json.Nodes;
using Ashlar.Inference.Chat;
using Ashlar.Inference.Decoding;
using Ashlar.Tokenizers;

namespace Ashlar.Inference;

/// <summary>A model and its tokenizer, ready to run.</summary>
public sealed class LoadedModel : IDisposable
{
    // Late, so that a template which cannot be read does not keep the model from continuing texts.
    private readonly Lazy<IChatFormat?> _chat;

    private LoadedModel(ILanguageModel model, Tokenizer tokenizer, IReadOnlyList<int> endOfTextIds)
    {
        (Model, Tokenizer) = (model, tokenizer);
        _chat = new(() => ChatFormat.Of(tokenizer));
        StopIds = [.. endOfTextIds.Concat(tokenizer.SpecialTokens.EndOfText is { } end ? [end] : []).Distinct().Order()];
    }

    /// <summary>The model.</summary>
    public ILanguageModel Model { get; }

    /// <summary>Its tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>How conversations are written for it; null if it was not made for chat.</summary>
    /// <exception cref="InvalidDataException">The chat template cannot be read.</exception>
    public IChatFormat? Chat => _chat.Value;

    /// <summary>Tokens that end a text, from every file that names one. A reply also ends at <see cref="IChatFormat.StopIds"/>.</summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <summary>
    /// Loads a run directory or a Hugging Face directory: <c>config.json</c>, <c>tokenizer.json</c>, and the weights of the family that
    /// <c>model_type</c> names (<c>model.safetensors</c> of a network, <c>model.ngram</c> of counts).
    /// </summary>
    /// <param name="path">The directory.</param>
    /// <param name="threadCount">Threads for matrix products; 0 for one a processor.</param>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; the sentence names it.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the files do not belong together.</exception>
    public static LoadedModel Load(string path, int threadCount = 0)
    {
        if (!Directory.Exists(path))
            throw new DirectoryNotFoundException($"{path}: no such directory; expected one with config.json, tokenizer.json and a model.");
        if (Translation.LoadedTranslator.Recognizes(path))
            throw new InvalidDataException($"{path}: this model translates and does not continue texts; expected a language model.");
        ModelDescription description = ModelFamilies.Describe(path);
        Tokenizer tokenizer = Tokenizer.Load(path);
        // A vocabulary is often padded beyond the tokenizer's; the other way round some text could not be read.
        if (tokenizer.VocabularySize > description.VocabularySize)
            throw new InvalidDataException(
                $"{path}: the tokenizer has {tokenizer.VocabularySize} ids and the model {description.VocabularySize}; they do not belong together.");
        int[] endOfTextIds = [.. description.EndOfTextIds, .. GenerationConfigurationIds(path)];
        return new(description.Open(threadCount), tokenizer, endOfTextIds);
    }

    /// <summary>The text generator of this model and tokenizer.</summary>
    public TextGenerator NewTextGenerator() => new(Model, Tokenizer);

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    // generation_config.json names ids beyond config.json's in the chat form of some families (Llama 3, Qwen).
    private static int[] GenerationConfigurationIds(string path)
    {
        string file = Path.Combine(path, "generation_config.json");
        if (!File.Exists(file))
            return [];
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(file))?["eos_token_id"] switch
            {
                null => [],
                JsonArray ids => [.. ids.Select(id => id!.GetValue<int>())],
                JsonNode id => [id.GetValue<int>()],
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or NullReferenceException)
        {
            throw new InvalidDataException($"{file}: eos_token_id must be a number or a list of numbers.", error);
        }
    }
}
