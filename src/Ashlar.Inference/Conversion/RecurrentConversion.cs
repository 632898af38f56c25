using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Ml5;
using Ashlar.Checkpoints.TorchSave;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Inference.Conversion;

/// <summary>
/// Recurrent language models of other programs, written as a folder that <see cref="LoadedModel.Load"/> runs and training
/// goes on from: <c>config.json</c>, <c>model.safetensors</c> and the tokenizer's files.
/// </summary>
public static class RecurrentConversion
{
    /// <summary>Converts a folder of ml5.js' charRNN, its vocabulary included.</summary>
    /// <param name="source">The folder with <c>manifest.json</c>.</param>
    /// <param name="destination">The folder to write.</param>
    /// <param name="type">Element type to write; float32 by default.</param>
    /// <exception cref="InvalidDataException">The model is damaged; the sentence says where.</exception>
    public static void FromMl5(string source, string destination, TensorType? type = null)
    {
        using Ml5CharRnn model = Ml5CharRnn.Load(source);
        Write(model.Configuration, model, name => name, CharacterTrainer.FromCharacters(model.Characters), destination, type);
    }

    /// <summary>Converts a state dict that <c>torch.save</c> wrote. It has no vocabulary, so a tokenizer is given with it.</summary>
    /// <param name="source">The file.</param>
    /// <param name="tokenizer">The tokenizer the model was trained with.</param>
    /// <param name="destination">The folder to write.</param>
    /// <param name="elman">Whether an Elman network has tanh or ReLU, which its weights do not tell.</param>
    /// <param name="type">Element type to write; float32 by default.</param>
    /// <exception cref="InvalidDataException">Damaged, not a recurrent language model, or the tokenizer does not fit.</exception>
    public static void FromTorch(string source, Tokenizer tokenizer, string destination, RecurrentCell elman = RecurrentCell.RnnTanh, TensorType? type = null)
    {
        using TorchArchive archive = TorchArchive.Open(source);
        (RecurrentConfiguration configuration, IReadOnlyDictionary<string, string> names) = RecurrentStateDict.Recognize(archive, elman);
        if (tokenizer.VocabularySize > configuration.VocabularySize)
            throw new InvalidDataException(
                $"{source}: the tokenizer has {tokenizer.VocabularySize} ids and the model {configuration.VocabularySize}; they do not belong together.");
        int? end = tokenizer.SpecialTokens.EndOfText;
        configuration = configuration with
        {
            BeginOfTextId = tokenizer.SpecialTokens.BeginOfText,
            EndOfTextIds = end is { } id ? [id] : [],
        };
        Write(configuration, archive, name => names[name], tokenizer, destination, type);
    }

    private static void Write(
        RecurrentConfiguration configuration, ITensorSource source, Func<string, string> nameIn, Tokenizer tokenizer, string destination, TensorType? type)
    {
        ConvertedFolder.Write(destination, configuration.ToJson(), source, RecurrentTensors.Of(configuration), nameIn, type);
        tokenizer.Save(destination);
    }
}
