namespace Ashlar.Inference.Models.Recurrent;

/// <summary>A recurrent network's state: the hidden vector (of an LSTM also the cell state) of every layer.</summary>
internal sealed class RecurrentState(RecurrentGraph owner, int size) : LanguageModelState
{
    private float[]? _values = new float[size];
    private int _length;

    public RecurrentGraph Owner { get; } = owner;

    /// <summary>[layer, hidden or memory, width].</summary>
    public Span<float> Values => _values ?? throw new ObjectDisposedException(nameof(LanguageModelState));

    public override int Length
    {
        get
        {
            ObjectDisposedException.ThrowIf(_values is null, this);
            return _length;
        }
    }

    /// <summary>Counts tokens that were read. An endless stream stays at the largest number.</summary>
    public void Count(int tokens) => _length = (int)Math.Min(int.MaxValue, (long)_length + tokens);

    public override LanguageModelState Fork()
    {
        RecurrentState fork = new(Owner, Values.Length) { _length = _length };
        Values.CopyTo(fork.Values);
        return fork;
    }

    public override int ReachableLength(int length)
    {
        CheckLength(length);
        return length == Length ? length : 0;
    }

    public override void Truncate(int length)
    {
        CheckLength(length);
        if (length == Length)
            return;
        if (length > 0)
            throw new NotSupportedException($"A recurrent network that has read {Length} tokens cannot go back to {length}, only to 0; fork the state before what may be taken back.");
        Values.Clear();
        _length = 0;
    }

    protected override void Dispose(bool disposing) => _values = null;

    private void CheckLength(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
    }
}
