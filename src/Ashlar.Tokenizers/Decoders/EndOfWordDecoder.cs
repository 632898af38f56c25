using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Decoders;

/// <summary>
/// A space for the mark at the end of a word, except at the end of the text (Hugging Face's BPEDecoder). The space is held back
/// until the next token, which makes decoding token by token the same as decoding at once.
/// </summary>
/// <param name="suffix">The mark.</param>
public sealed class EndOfWordDecoder(string suffix = "</w>") : TokenDecoder
{
    private readonly byte[] _suffix = Encoding.UTF8.GetBytes(suffix);

    internal override void Append(ReadOnlySpan<byte> token, ref DecodingState state, IBufferWriter<byte> output)
    {
        if (state.SpaceHeld)
            output.Write(" "u8);
        state.SpaceHeld = false;
        while (_suffix.Length > 0 && token.IndexOf(_suffix) is int at and >= 0)
        {
            output.Write(token[..at]);
            token = token[(at + _suffix.Length)..];
            if (token.IsEmpty)
                state.SpaceHeld = true;
            else
                output.Write(" "u8);
        }

        output.Write(token);
    }

    internal override JsonObject Write() => new() { ["type"] = "BPEDecoder", ["suffix"] = suffix };
}
