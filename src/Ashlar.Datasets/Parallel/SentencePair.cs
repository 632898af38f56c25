namespace Ashlar.Datasets.Parallel;

/// <summary>A sentence and its translation.</summary>
/// <param name="Source">What is read.</param>
/// <param name="Target">What is to be written.</param>
/// <param name="Direction">Its languages, where the model serves several; null otherwise.</param>
public sealed record SentencePair(string Source, string Target, TranslationDirection? Direction = null)
{
    /// <summary>The file it was read from, of two the source's; null where it was read from none.</summary>
    public string? File { get; init; }

    /// <summary>Its line there, from 1.</summary>
    public long Line { get; init; }

    /// <summary>The same pair the other way round.</summary>
    public SentencePair Reversed => new(Target, Source, Direction?.Reversed) { File = File, Line = Line };

    /// <summary>Whether text and languages are the same, wherever they were read.</summary>
    public bool Equals(SentencePair? other) =>
        other is not null && Source == other.Source && Target == other.Target && Direction == other.Direction;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Source, Target, Direction);
}
