namespace Ashlar.Inference.Models.NGrams;

/// <summary>
/// The last n-1 tokens, and where each of the contexts they make lies in the tables. Tokens before them matter only to
/// <see cref="Truncate"/>; the last 32,768 or more of them are kept, so that an endless text needs no more memory than a long one.
/// </summary>
internal sealed class NGramState : LanguageModelState
{
    private const int Kept = 1 << 15;

    private readonly List<int> _tokens;
    private readonly uint[] _contexts;
    private int _dropped;
    private bool _disposed;

    public NGramState(NGramModel owner)
    {
        Owner = owner;
        _tokens = [];
        _contexts = new uint[owner.Order - 1];
    }

    private NGramState(NGramState other)
    {
        Owner = other.Owner;
        _tokens = [.. other._tokens];
        _contexts = [.. other._contexts];
        _dropped = other._dropped;
    }

    public NGramModel Owner { get; }

    public override int Length => _dropped + _tokens.Count;

    /// <summary>Nodes of the last token, the last two, ..., as many as there are, up to n-1.</summary>
    public ReadOnlySpan<uint> Contexts
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _contexts.AsSpan(0, Math.Min(_contexts.Length, Length));
        }
    }

    /// <summary>The last tokens, at most n-1.</summary>
    public ReadOnlySpan<int> LastTokens =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_tokens)[^Contexts.Length..];

    public void Append(int token)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Owner.Shift(_contexts, Length, token);
        _tokens.Add(token);
        if (_tokens.Count < 2 * Kept)
            return;
        _tokens.RemoveRange(0, Kept);
        _dropped += Kept;
    }

    public override LanguageModelState Fork()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new NGramState(this);
    }

    /// <inheritdoc/>
    public override int ReachableLength(int length) =>
        _dropped == 0 || base.ReachableLength(length) - _contexts.Length >= _dropped ? base.ReachableLength(length) : 0;

    public override void Truncate(int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        int first = Math.Max(0, length - _contexts.Length);
        if (length > 0 && first < _dropped)
            throw new NotSupportedException($"Of {Length} tokens only those after {_dropped} are still known, too few to go back to {length}.");
        int[] again = length == 0 ? [] : [.. _tokens.GetRange(first - _dropped, length - first)];
        if (length == 0)
        {
            _tokens.Clear();
            _dropped = 0;
        }
        else
        {
            _tokens.RemoveRange(length - _dropped, _tokens.Count - (length - _dropped));
        }

        for (int i = 0; i < again.Length; i++)
            Owner.Shift(_contexts, i, again[i]);
    }

    protected override void Dispose(bool disposing) => _disposed = true;
}
