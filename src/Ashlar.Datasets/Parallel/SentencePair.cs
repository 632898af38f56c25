namespace Ashlar.Datasets.Parallel;

/// <summary>A sentence and its translation.</summary>
/// <param name="Source">What is read.</param>
/// <param name="Target">What is to be written.</param>
/// <param name="Direction">Its languages, where the model serves several; null otherwise.</param>
public sealed record SentencePair(string Source, string Target, TranslationDirection? Direction = null)
{
    /// <summary>The same pair the other way round.</summary>
    public SentencePair Reversed => new(Target, Source, Direction?.Reversed);
}
