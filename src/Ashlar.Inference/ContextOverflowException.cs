namespace Ashlar.Inference;

/// <summary>A sequence would become longer than the model's context; nothing is ever dropped silently.</summary>
/// <param name="required">Tokens the sequence would have.</param>
/// <param name="contextLength">Tokens the model can hold.</param>
public sealed class ContextOverflowException(int required, int contextLength)
    : InvalidOperationException($"The sequence would be {required} tokens long, but the model's context holds {contextLength}.")
{
    /// <summary>Tokens the sequence would have.</summary>
    public int Required { get; } = required;

    /// <summary>Tokens the model can hold.</summary>
    public int ContextLength { get; } = contextLength;
}
