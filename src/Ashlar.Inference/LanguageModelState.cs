namespace Ashlar.Inference;

/// <summary>
/// What a model remembers of the tokens it has read: the last n-1 tokens of an n-gram, the hidden vectors of a recurrent
/// network, the key-value cache of a Transformer. Not safe for use from several threads at once.
/// </summary>
public abstract class LanguageModelState : IDisposable
{
    /// <summary>Number of tokens read.</summary>
    public abstract int Length { get; }

    /// <summary>A second state with the same past; the two go on independently.</summary>
    public abstract LanguageModelState Fork();

    /// <summary>
    /// The longest past, of at most <paramref name="length"/> tokens, to which <see cref="Truncate"/> can go back: any with a
    /// cache of all tokens, but a recurrent network has no more than its present and its beginning.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than <see cref="Length"/>.</exception>
    public virtual int ReachableLength(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        return length;
    }

    /// <summary>Forgets every token after the first <paramref name="length"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than <see cref="Length"/>.</exception>
    /// <exception cref="NotSupportedException">The state cannot go back so far and no farther (<see cref="ReachableLength"/>).</exception>
    public abstract void Truncate(int length);

    /// <summary>Gives the memory back; the state cannot be used afterwards.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
