namespace Ashlar.Inference.Translation;

/// <summary>How much text is held and translated together.</summary>
public sealed record WindowOptions
{
    /// <summary>Most lines held at a time; 1 answers each line before the next is read.</summary>
    public int Lines { get; init; } = 1024;

    /// <summary>Most source tokens held at a time, so that long lines do not add up.</summary>
    public int Tokens { get; init; } = 1 << 17;

    /// <summary>Most characters held at a time: a token may be as long as its line.</summary>
    public int Characters { get; init; } = 1 << 20;

    /// <summary>Most lines in a batch.</summary>
    public int BatchLines { get; init; } = 64;

    /// <summary>Most source tokens in a batch, padding included.</summary>
    public int BatchTokens { get; init; } = 4096;

    /// <summary>A line with more source tokens has a fault.</summary>
    public int MaximumLineTokens { get; init; } = 1024;
}
