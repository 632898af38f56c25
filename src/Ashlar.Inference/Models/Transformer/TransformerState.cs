namespace Ashlar.Inference.Models.Transformer;

/// <summary>A source's memory and the history of the target tokens read.</summary>
internal sealed class TransformerState : SequenceToSequenceState
{
    private readonly float[]? _attention;
    private SourceMemory? _memory;

    public TransformerState(TransformerGraph owner, SourceMemory memory, bool keepAttention)
    {
        (Owner, _memory) = (owner, memory);
        if (keepAttention)
            _attention = new float[owner.AttentionLayerCount * owner.AttentionHeadCount * memory.Length];
    }

    public TransformerGraph Owner { get; }

    public SourceMemory Memory => _memory ?? throw new ObjectDisposedException(nameof(LanguageModelState));

    /// <summary>The last token read; null before the first. The state holds it.</summary>
    public TargetHistory? Last { get; private set; }

    public override int Length => Memory is null ? 0 : Last?.Length ?? 0;

    public override int SourceLength => Memory.Length;

    public override bool KeepsAttention => _attention is not null;

    /// <summary>Adds a token, whose values are still to be written.</summary>
    public TargetHistory Append() => Last = Owner.Histories.Append(Last);

    public override ReadOnlySpan<float> Attention(int layer, int head)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Owner.AttentionLayerCount);
        ArgumentOutOfRangeException.ThrowIfNegative(head);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(head, Owner.AttentionHeadCount);
        return Length > 0 && _attention is not null
            ? Weights(layer, head)
            : throw new InvalidOperationException("The state has read no token, or was made without keepAttention.");
    }

    /// <summary>Where a head's weights are kept: [source]; empty if they are not.</summary>
    public Span<float> Weights(int layer, int head) =>
        _attention is null ? [] : _attention.AsSpan((layer * Owner.AttentionHeadCount + head) * SourceLength, SourceLength);

    public override LanguageModelState Fork()
    {
        TransformerState fork = new(Owner, Memory, KeepsAttention);
        Owner.Histories.Hold(Last);
        fork.Last = Last;
        _attention?.CopyTo(fork._attention!, 0);
        return fork;
    }

    public override void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        TargetHistory? node = Last;
        while (node is not null && node.Length > length)
            node = node.Previous;
        Owner.Histories.Hold(node);
        Owner.Histories.Release(Last);
        Last = node;
    }

    protected override void Dispose(bool disposing)
    {
        if (_memory is null)
            return;
        Owner.Histories.Release(Last);
        (Last, _memory) = (null, null);
    }
}
