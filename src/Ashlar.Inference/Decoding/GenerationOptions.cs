namespace Ashlar.Inference.Decoding;

/// <summary>How a text is continued.</summary>
public sealed record GenerationOptions
{
    /// <summary>How tokens are chosen.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Most tokens to generate; the one that ends the text counts.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>Strings that end the text; they are not part of it.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the text; they are not part of it.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>
    /// Whether the new text goes on where the prompt ends, so that words stay apart from the prompt's last one; a text of its own, as a
    /// reply is, begins without a space.
    /// </summary>
    public bool ContinuesPrompt { get; init; } = true;

    /// <summary>What to do when the context is full.</summary>
    public ContextPolicy ContextPolicy { get; init; }
}
