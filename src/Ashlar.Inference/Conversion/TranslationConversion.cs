using System.Text.Json.Nodes;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.CTranslate2;
using Ashlar.Checkpoints.OpenNmt;
using Ashlar.Inference.Translation;
using Ashlar.Tokenizers;

namespace Ashlar.Inference.Conversion;

/// <summary>Translation models of other programs, written as a folder that <see cref="LoadedTranslator.Load"/> runs and training goes on from.</summary>
public static class TranslationConversion
{
    /// <summary>Converts a folder of CTranslate2.</summary>
    /// <param name="source">The folder with <c>model.bin</c> and its vocabularies.</param>
    /// <param name="destination">The folder to write.</param>
    /// <param name="type">Element type to write; float32 by default.</param>
    /// <exception cref="InvalidDataException">The model is damaged or of another kind; the sentence says where.</exception>
    public static void FromCTranslate2(string source, string destination, TensorType? type = null)
    {
        using CTranslate2File file = CTranslate2File.Open(source);
        Write(file.Configuration.ToJson(), file, StrictTensors.Match(file, file.Configuration), TransformerTensors.Of(file.Configuration), destination, type);
        new TranslationVocabularies(ListedVocabulary.Create(file.SourceTokens), ListedVocabulary.Create(file.TargetTokens)).Save(destination);
    }

    /// <summary>Converts a recurrent model of OpenNMT-py.</summary>
    /// <param name="source">The checkpoint, or the folder with its weights.</param>
    /// <param name="destination">The folder to write.</param>
    /// <param name="type">Element type to write; float32 by default.</param>
    /// <exception cref="InvalidDataException">The model is damaged or of another kind; the sentence says where.</exception>
    public static void FromOpenNmt(string source, string destination, TensorType? type = null)
    {
        using OpenNmtFile file = OpenNmtFile.Open(source);
        Write(file.Configuration.ToJson(), file, StrictTensors.Match(file, file.Configuration), RecurrentTranslationTensors.Of(file.Configuration), destination, type);
        string[] special = ["<unk>", "<blank>", "<s>", "</s>"];
        new TranslationVocabularies(
            ListedVocabulary.Words(file.SourceTokens, "<unk>", special), ListedVocabulary.Words(file.TargetTokens, "<unk>", special)).Save(destination);
    }

    private static void Write(
        JsonObject configuration, ITensorSource source, IReadOnlyDictionary<string, string> names, IEnumerable<TensorDescription> tensors, string destination, TensorType? type) =>
        ConvertedFolder.Write(destination, configuration, source, tensors, name => names[name], type);
}
