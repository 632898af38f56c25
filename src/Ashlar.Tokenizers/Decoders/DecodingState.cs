namespace Ashlar.Tokenizers.Decoders;

/// <summary>What a decoder remembers from one token of a text to the next.</summary>
internal struct DecodingState
{
    /// <summary>Whether a token has been written before.</summary>
    public bool Started;

    /// <summary>Whether a space stands before the next token, if there is one.</summary>
    public bool SpaceHeld;
}
