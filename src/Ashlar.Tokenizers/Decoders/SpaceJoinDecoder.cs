using System.Buffers;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Decoders;

/// <summary>Tokens with a space between them: what Hugging Face does when a file names no decoder.</summary>
public sealed class SpaceJoinDecoder : TokenDecoder
{
    internal override void Append(ReadOnlySpan<byte> token, ref DecodingState state, IBufferWriter<byte> output)
    {
        if (state.Started)
            output.Write(" "u8);
        output.Write(token);
    }

    internal override JsonObject? Write() => null;
}
