namespace Ashlar.Inference.Decoding;

/// <summary>What happens when a sequence reaches the model's context length.</summary>
public enum ContextPolicy
{
    /// <summary>Generation ends with <see cref="FinishReason.ContextFull"/>; a prompt that is too long is an error.</summary>
    Stop,

    /// <summary>
    /// The model goes on with the last half of its context, read anew from position 0, as often as needed. A prompt that is
    /// too long is read from its last half context. The text it no longer sees cannot influence it.
    /// </summary>
    Slide,
}
