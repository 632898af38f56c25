namespace Ashlar.Evaluation.Translation;

/// <summary>Words that follow one another: an n-gram, compared by its words without copying them.</summary>
internal readonly struct WordRun(string[] words, int start, int length) : IEquatable<WordRun>
{
    private readonly string[] _words = words;
    private readonly int _start = start;
    private readonly int _length = length;

    private ReadOnlySpan<string> Span => _words.AsSpan(_start, _length);

    /// <summary>How often each n-gram of an order occurs.</summary>
    public static Dictionary<WordRun, int> Count(string[] words, int order)
    {
        Dictionary<WordRun, int> counts = [];
        for (int start = 0; start + order <= words.Length; start++)
        {
            WordRun run = new(words, start, order);
            counts[run] = counts.GetValueOrDefault(run) + 1;
        }

        return counts;
    }

    public bool Equals(WordRun other) => Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => obj is WordRun other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = new();
        foreach (string word in Span)
            hash.Add(word);
        return hash.ToHashCode();
    }
}
