namespace Ashlar.Inference.Decoding;

/// <summary>Why generation ended.</summary>
public enum FinishReason
{
    /// <summary>The model chose a token that ends the text.</summary>
    StopToken,

    /// <summary>A stop string appeared.</summary>
    StopString,

    /// <summary>As many tokens as were asked for.</summary>
    MaxTokens,

    /// <summary>The model's context is full.</summary>
    ContextFull,
}
