using Ashlar.Tokenizers;

namespace Ashlar.Inference.Translation;

/// <summary>
/// The vocabularies of a translation model: one for both sides, whose files lie in the model's folder itself; or one for each, in its
/// folders <c>source</c> and <c>target</c>, or in Marian's <c>source.spm</c>, <c>target.spm</c> and <c>vocab.json</c>.
/// </summary>
/// <param name="Source">Reads sources.</param>
/// <param name="Target">Reads and writes targets.</param>
public sealed record TranslationVocabularies(Tokenizer Source, Tokenizer Target)
{
    private const string SourceFolder = "source";
    private const string TargetFolder = "target";

    /// <summary>Whether both sides have one vocabulary.</summary>
    public bool AreShared => ReferenceEquals(Source, Target);

    /// <summary>Reads the vocabularies of a model's folder.</summary>
    /// <exception cref="FileNotFoundException">There are none.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static TranslationVocabularies Load(string folder)
    {
        string source = Path.Combine(folder, SourceFolder), target = Path.Combine(folder, TargetFolder);
        if (Directory.Exists(source) && Directory.Exists(target))
            return new TranslationVocabularies(Tokenizer.Load(source), Tokenizer.Load(target));
        if (MarianVocabulary.Recognizes(folder))
        {
            (Tokenizer reads, Tokenizer writes) = MarianVocabulary.Load(folder);
            return new TranslationVocabularies(reads, writes);
        }

        Tokenizer shared = Tokenizer.Load(folder);
        return new TranslationVocabularies(shared, shared);
    }

    /// <summary>Writes them into a model's folder, as <see cref="Load"/> reads them.</summary>
    public void Save(string folder)
    {
        if (AreShared)
        {
            Source.Save(folder);
            return;
        }

        foreach ((string name, Tokenizer tokenizer) in ((string, Tokenizer)[])[(SourceFolder, Source), (TargetFolder, Target)])
        {
            string side = Path.Combine(folder, name);
            Directory.CreateDirectory(side);
            tokenizer.Save(side);
        }
    }
}
