using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.CTranslate2;
using Ashlar.Checkpoints.OpenNmt;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference.Models.RecurrentTranslation;
using Ashlar.Inference.Models.Transformer;
using Ashlar.Tokenizers;

namespace Ashlar.Inference.Translation;

/// <summary>A translation model with its vocabularies, read from files and ready to run.</summary>
public sealed class LoadedTranslator : IDisposable
{
    private LoadedTranslator(ISequenceToSequenceModel model, TranslationVocabularies vocabularies) =>
        Translator = new Translator(model, vocabularies);

    /// <summary>Translates.</summary>
    public Translator Translator { get; }

    /// <summary>The model.</summary>
    public ISequenceToSequenceModel Model => Translator.Model;

    /// <summary>Whether a path holds a translation model rather than a language model.</summary>
    public static bool Recognizes(string path)
    {
        string configuration = Path.Combine(path, "config.json");
        return CTranslate2File.Recognizes(path)
            || OpenNmtFile.Recognizes(path)
            || (File.Exists(configuration)
                && ConfigurationType.Of(configuration)
                    is TransformerConfiguration.MarianType or TransformerConfiguration.ModelType or RecurrentTranslationConfiguration.ModelType);
    }

    /// <summary>
    /// Loads a run directory or a Hugging Face directory (<c>config.json</c>, <c>model.safetensors</c>, and the vocabularies of
    /// <see cref="TranslationVocabularies"/>), a CTranslate2 directory (<c>model.bin</c> and two vocabularies), or a recurrent
    /// model of OpenNMT-py (a checkpoint <c>.pt</c>, or its weights in a folder).
    /// </summary>
    /// <param name="path">The directory, or OpenNMT's checkpoint.</param>
    /// <param name="threadCount">Threads for matrix products; 0 for one a processor.</param>
    /// <exception cref="DirectoryNotFoundException">No such directory.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; the sentence names it.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the files do not belong together.</exception>
    public static LoadedTranslator Load(string path, int threadCount = 0)
    {
        if (!Directory.Exists(path) && !OpenNmtFile.Recognizes(path))
            throw new DirectoryNotFoundException($"{path}: no such directory; expected one with config.json, vocabularies and a translation model.");
        try
        {
            if (CTranslate2File.Recognizes(path))
                return CTranslate2(path, threadCount);
            if (OpenNmtFile.Recognizes(path))
                return OpenNmt(path, threadCount);
            TranslationVocabularies vocabularies = TranslationVocabularies.Load(path);
            return new LoadedTranslator(LoadModel(path, threadCount), vocabularies);
        }
        catch (InvalidDataException error) when (!error.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }
    }

    /// <summary>Loads the model of a folder by its <c>model_type</c>, without vocabularies.</summary>
    /// <exception cref="FileNotFoundException">A file is missing; the sentence names it.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the files do not belong together.</exception>
    public static ISequenceToSequenceModel LoadModel(string path, int threadCount = 0)
    {
        string configuration = Path.Combine(path, "config.json");
        string? type = ConfigurationType.Of(configuration);
        switch (type)
        {
            case TransformerConfiguration.MarianType or TransformerConfiguration.ModelType:
                TransformerConfiguration transformer = TransformerConfiguration.Load(configuration);
                using (ITensorSource tensors = SafetensorsFile.Open(Path.Combine(path, "model.safetensors")))
                    return TransformerGraph.Load(transformer, tensors, threadCount);
            case RecurrentTranslationConfiguration.ModelType:
                RecurrentTranslationConfiguration recurrent = RecurrentTranslationConfiguration.Load(configuration);
                using (ITensorSource tensors = SafetensorsFile.Open(Path.Combine(path, "model.safetensors")))
                    return RecurrentTranslationGraph.Load(recurrent, tensors, threadCount);
            default:
                throw new InvalidDataException(
                    $"{configuration}: model_type is '{type ?? "(none)"}'; expected {TransformerConfiguration.MarianType}, {TransformerConfiguration.ModelType} or {RecurrentTranslationConfiguration.ModelType}.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    private static LoadedTranslator CTranslate2(string path, int threadCount)
    {
        using CTranslate2File file = CTranslate2File.Open(path);
        // Characters, as in the model that the format's own tests use, or words and pieces between spaces.
        TranslationVocabularies vocabularies = new(ListedVocabulary.Create(file.SourceTokens), ListedVocabulary.Create(file.TargetTokens));
        return new LoadedTranslator(TransformerGraph.Load(file.Configuration, file, threadCount), vocabularies);
    }

    private static LoadedTranslator OpenNmt(string path, int threadCount)
    {
        using OpenNmtFile file = OpenNmtFile.Open(path);
        TranslationVocabularies vocabularies = new(
            ListedVocabulary.Words(file.SourceTokens, "<unk>", ["<unk>", "<blank>", "<s>", "</s>"]),
            ListedVocabulary.Words(file.TargetTokens, "<unk>", ["<unk>", "<blank>", "<s>", "</s>"]));
        return new LoadedTranslator(RecurrentTranslationGraph.Load(file.Configuration, file, threadCount), vocabularies);
    }
}
