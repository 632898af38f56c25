namespace Ashlar.Evaluation;

/// <summary>Adds up the costs of scored tokens.</summary>
internal sealed class CostTotal(TokenBytes vocabulary)
{
    private double _nats, _textNats;
    private long _tokens, _textTokens, _bytes;

    public long TokenCount => _tokens;

    public void Add(int token, int? previous, double nats)
    {
        _nats += nats;
        _tokens++;
        if (vocabulary.IsSpecial(token))
            return;
        _textNats += nats;
        _textTokens++;
        _bytes += vocabulary.ByteCount(token, previous);
    }

    /// <exception cref="InvalidDataException">Nothing was scored.</exception>
    public PerplexityResult Result(string name, int windowLength, int stride) =>
        _tokens == 0
            ? throw new InvalidDataException("There is no token to score: expected a document of two tokens, or of one after a beginning-of-text token.")
            : new()
            {
                Name = name,
                Nats = _nats,
                TokenCount = _tokens,
                TextNats = _textNats,
                TextTokenCount = _textTokens,
                ByteCount = _bytes,
                WindowLength = windowLength,
                Stride = stride,
            };
}
