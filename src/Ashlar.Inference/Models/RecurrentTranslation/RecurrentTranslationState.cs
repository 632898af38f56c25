namespace Ashlar.Inference.Models.RecurrentTranslation;

/// <summary>A source, and the decoder's vectors after the target tokens read.</summary>
internal sealed class RecurrentTranslationState : SequenceToSequenceState
{
    private readonly float[]? _weights;
    private float[]? _values;
    private int _length;

    /// <param name="owner">The model.</param>
    /// <param name="source">What it reads of the source.</param>
    /// <param name="keepAttention">Whether the last token's weights are kept.</param>
    public RecurrentTranslationState(RecurrentTranslationGraph owner, RecurrentSource source, bool keepAttention)
    {
        (Owner, Source, _values) = (owner, source, [.. source.Initial]);
        _weights = keepAttention && owner.AttentionLayerCount > 0 ? new float[source.Length] : null;
    }

    public RecurrentTranslationGraph Owner { get; }

    public RecurrentSource Source { get; }

    /// <summary>h and, of an LSTM, c of every layer; then what is fed back.</summary>
    public float[] Values => _values ?? throw new ObjectDisposedException(nameof(LanguageModelState));

    /// <summary>Where attention weights are kept: [source].</summary>
    public Span<float> Weights => _weights;

    public override int Length => Values.Length > 0 ? _length : 0;

    public override int SourceLength => Source.Length;

    public override bool KeepsAttention => _weights is not null;

    public void Count(int tokens) => _length += tokens;

    public override ReadOnlySpan<float> Attention(int layer, int head)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Owner.AttentionLayerCount);
        ArgumentOutOfRangeException.ThrowIfNotEqual(head, 0);
        return Length > 0 && _weights is not null
            ? _weights
            : throw new InvalidOperationException("The state has read no token, or was made without keepAttention.");
    }

    public override LanguageModelState Fork()
    {
        RecurrentTranslationState fork = new(Owner, Source, KeepsAttention) { _length = _length };
        Values.CopyTo(fork.Values, 0);
        Weights.CopyTo(fork.Weights);
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
            throw new NotSupportedException($"A recurrent decoder that has read {Length} tokens cannot go back to {length}, only to 0; fork the state before what may be taken back.");
        Source.Initial.CopyTo(Values, 0);
        _length = 0;
    }

    protected override void Dispose(bool disposing) => _values = null;

    private void CheckLength(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
    }
}
