using System.Buffers;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Decoders;

/// <summary>
/// Turns tokens back into text, one at a time: what a token becomes may depend on its being the first, never on what follows,
/// so that streaming and whole decoding are the same.
/// </summary>
public abstract class TokenDecoder
{
    /// <summary>Whether a token's text is simply its bytes.</summary>
    internal virtual bool IsIdentity => false;

    /// <summary>Writes the text of one token.</summary>
    /// <param name="token">The bytes that the model gives for the token.</param>
    /// <param name="state">What came before; <see cref="Tokenizer"/> notes that a token was written.</param>
    /// <param name="output">Receives UTF-8, or the raw bytes of a byte token.</param>
    internal abstract void Append(ReadOnlySpan<byte> token, ref DecodingState state, IBufferWriter<byte> output);

    /// <summary>This part as <c>tokenizer.json</c> writes it; null is its absence.</summary>
    internal abstract JsonObject? Write();
}
