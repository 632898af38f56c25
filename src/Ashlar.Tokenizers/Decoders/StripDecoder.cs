using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Decoders;

/// <summary>Takes up to a number of one character from the start of a token (after Fuse: of the text).</summary>
/// <param name="content">The character.</param>
/// <param name="start">How many at the start.</param>
public sealed class StripDecoder(Rune content, int start) : TokenDecoder
{
    private readonly byte[] _content = Encoding.UTF8.GetBytes(content.ToString());

    internal override void Append(ReadOnlySpan<byte> token, ref DecodingState state, IBufferWriter<byte> output)
    {
        for (int i = 0; i < start && token.StartsWith(_content); i++)
            token = token[_content.Length..];
        output.Write(token);
    }

    internal override JsonObject Write() => new() { ["type"] = "Strip", ["content"] = content.ToString(), ["start"] = start, ["stop"] = 0 };
}
