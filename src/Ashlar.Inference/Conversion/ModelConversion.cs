using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.CTranslate2;
using Ashlar.Checkpoints.Llama2c;
using Ashlar.Checkpoints.OpenNmt;
using Ashlar.Checkpoints.TorchSave;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Tokenizers;

namespace Ashlar.Inference.Conversion;

/// <summary>
/// Any model that Ashlar reads, written in Hugging Face's layout: <c>config.json</c>, <c>model.safetensors</c> and the tokenizer's files.
/// </summary>
public static class ModelConversion
{
    // What lies beside the weights in such a folder and belongs to the model; copied as it is.
    private static readonly string[] Companions =
    [
        "tokenizer.json", "tokenizer.json.gz", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "vocab.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "source.spm", "target.spm", "generation_config.json",
        "chat_template.jinja", "LICENSE",
    ];

    /// <summary>Recognises what the source is and writes it anew.</summary>
    /// <param name="source">
    /// A folder in Hugging Face's layout (to change its element type, or to join its shards), of ml5.js' charRNN, CTranslate2 or OpenNMT-py;
    /// or a file of llama2.c (<c>.bin</c>) or <c>torch.save</c> (a recurrent language model, or OpenNMT-py's checkpoint).
    /// </param>
    /// <param name="destination">The folder to write; not the source.</param>
    /// <param name="options">Element type, tokenizer and cell.</param>
    /// <exception cref="FileNotFoundException">The source, or a file of it, is missing.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or none of these; the sentence says what was expected.</exception>
    public static void ToHuggingFace(string source, string destination, ModelConversionOptions? options = null)
    {
        options ??= new();
        if (Path.GetFullPath(source) == Path.GetFullPath(destination))
            throw new InvalidDataException($"{destination}: the output is the model itself; expected another folder.");
        if (File.Exists(source))
            FromFile(source, destination, options);
        else if (Directory.Exists(source))
            FromFolder(source, destination, options);
        else
            throw new FileNotFoundException($"{source}: no such file or folder; expected a model.", source);
    }

    private static void FromFile(string source, string destination, ModelConversionOptions options)
    {
        if (TorchArchive.Recognizes(source))
        {
            if (options.Tokenizer is { } tokenizer)
                RecurrentConversion.FromTorch(source, Tokenizer.Load(tokenizer), destination, options.ElmanCell, options.Type);
            else
                FromCheckpoint(source, destination, options);
        }
        else if (source.EndsWith(".bin", StringComparison.OrdinalIgnoreCase))
        {
            FromLlama2c(source, destination, options);
        }
        else
        {
            throw new InvalidDataException($"{source}: unknown kind of model; expected a folder, llama2.c's .bin, or a file that torch.save wrote.");
        }
    }

    // OpenNMT's checkpoint carries its vocabularies; a bare state dict does not.
    private static void FromCheckpoint(string source, string destination, ModelConversionOptions options)
    {
        try
        {
            TranslationConversion.FromOpenNmt(source, destination, options.Type);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{error.Message.TrimEnd('.')}; for the state dict of a recurrent language model name its --tokenizer.", error);
        }
    }

    private static void FromLlama2c(string source, string destination, ModelConversionOptions options)
    {
        using Llama2cFile file = Llama2cFile.Open(source);
        Tokenizer tokenizer = Tokenizer.Load(options.Tokenizer
            ?? throw new InvalidDataException($"{source}: llama2.c keeps the vocabulary in a file of its own; name it with --tokenizer (tokenizer.bin or tokenizer.model)."));
        CheckSize(source, tokenizer, file.Configuration.VocabularySize);
        ConvertedFolder.Write(destination, file.Configuration.ToHuggingFaceJson(), file, DecoderTensors.Of(file.Configuration), name => name, options.Type);
        tokenizer.Save(destination);
    }

    private static void FromFolder(string source, string destination, ModelConversionOptions options)
    {
        string configuration = Path.Combine(source, "config.json");
        if (CTranslate2File.Recognizes(source))
            TranslationConversion.FromCTranslate2(source, destination, options.Type);
        else if (OpenNmtFile.Recognizes(source))
            TranslationConversion.FromOpenNmt(source, destination, options.Type);
        else if (!File.Exists(configuration) && File.Exists(Path.Combine(source, "manifest.json")))
            RecurrentConversion.FromMl5(source, destination, options.Type);
        else
            FromHuggingFace(source, configuration, destination, options);
    }

    private static void FromHuggingFace(string source, string configuration, string destination, ModelConversionOptions options)
    {
        string? modelType = ConfigurationType.Of(configuration);
        if (modelType == NGramConfiguration.ModelType)
            throw new InvalidDataException($"{source}: an n-gram model has counts and no tensors; expected --to arpa.");
        using ITensorSource tensors = FolderWeights.Open(source);
        (IEnumerable<TensorDescription> list, IReadOnlyDictionary<string, string> names) = Tensors(modelType, configuration, tensors);
        JsonObject written = JsonNode.Parse(File.ReadAllBytes(configuration))!.AsObject();
        ConvertedFolder.Write(destination, written, tensors, list, name => names[name], options.Type);
        if (options.Tokenizer is { } tokenizer)
            Tokenizer.Load(tokenizer).Save(destination);
        else
            Copy(source, destination);
    }

    private static (IEnumerable<TensorDescription> List, IReadOnlyDictionary<string, string> Names) Tensors(string? modelType, string path, ITensorSource tensors)
    {
        switch (modelType)
        {
            case RecurrentConfiguration.ModelType:
                RecurrentConfiguration recurrent = RecurrentConfiguration.Load(path);
                return (RecurrentTensors.Of(recurrent), StrictTensors.Match(tensors, recurrent));
            case TransformerConfiguration.MarianType or TransformerConfiguration.ModelType:
                TransformerConfiguration transformer = TransformerConfiguration.Load(path);
                return (TransformerTensors.Of(transformer), StrictTensors.Match(tensors, transformer));
            case RecurrentTranslationConfiguration.ModelType:
                RecurrentTranslationConfiguration translation = RecurrentTranslationConfiguration.Load(path);
                return (RecurrentTranslationTensors.Of(translation), StrictTensors.Match(tensors, translation));
            default:
                DecoderConfiguration decoder = DecoderConfiguration.Load(path);
                return (DecoderTensors.Of(decoder), StrictTensors.Match(tensors, decoder));
        }
    }

    private static void Copy(string source, string destination)
    {
        foreach (string folder in (string[])["", "source", "target"])
        {
            foreach (string name in Companions)
            {
                string file = Path.Combine(source, folder, name);
                if (!File.Exists(file))
                    continue;
                Directory.CreateDirectory(Path.Combine(destination, folder));
                File.Copy(file, Path.Combine(destination, folder, name), overwrite: true);
            }
        }
    }

    private static void CheckSize(string source, Tokenizer tokenizer, int vocabularySize)
    {
        if (tokenizer.VocabularySize > vocabularySize)
            throw new InvalidDataException($"{source}: the tokenizer has {tokenizer.VocabularySize} ids and the model {vocabularySize}; they do not belong together.");
    }
}
