namespace Ashlar.Inference.Decoding;

/// <summary>Changes the distribution of the next token.</summary>
public interface ILogitsProcessor
{
    /// <summary>Changes the logits in place; minus infinity forbids a token. At least one token must stay possible.</summary>
    /// <param name="history">The sequence so far: prompt and generated tokens.</param>
    /// <param name="logits">[vocabulary].</param>
    void Apply(ReadOnlySpan<int> history, Span<float> logits);
}
