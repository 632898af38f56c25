namespace Ashlar.Inference.Models;

/// <summary>A decoder's state: the key-value cache of the tokens read.</summary>
internal sealed class DecoderState(DecoderGraph owner, KeyValueCache cache) : LanguageModelState
{
    private KeyValueCache? _cache = cache;

    public DecoderGraph Owner { get; } = owner;

    public KeyValueCache Cache => _cache ?? throw new ObjectDisposedException(nameof(LanguageModelState));

    public override int Length => Cache.Length;

    public override LanguageModelState Fork() => new DecoderState(Owner, Cache.Fork());

    public override void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Cache.Truncate(length);
    }

    protected override void Dispose(bool disposing) => _cache = null;
}
