namespace Ashlar.Datasets.Batches;

/// <summary>A long run of token ids that need not be in memory.</summary>
public interface ITokenStream
{
    /// <summary>Number of tokens.</summary>
    long TokenCount { get; }

    /// <summary>Copies the tokens from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all lie within the stream.</exception>
    void CopyTo(long start, Span<int> destination);
}

/// <summary>Tokens in memory.</summary>
/// <param name="tokens">The ids; not copied.</param>
public sealed class ArrayTokens(int[] tokens) : ITokenStream
{
    /// <inheritdoc/>
    public long TokenCount => tokens.Length;

    /// <inheritdoc/>
    public void CopyTo(long start, Span<int> destination) => tokens.AsSpan(checked((int)start), destination.Length).CopyTo(destination);
}
