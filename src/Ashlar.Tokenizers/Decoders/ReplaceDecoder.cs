using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Decoders;

/// <summary>Replaces a fixed string, wherever a token holds it, by another.</summary>
/// <param name="pattern">What is replaced.</param>
/// <param name="content">What stands there instead.</param>
public sealed class ReplaceDecoder(string pattern, string content) : TokenDecoder
{
    private readonly byte[] _pattern = Encoding.UTF8.GetBytes(pattern);
    private readonly byte[] _content = Encoding.UTF8.GetBytes(content);

    internal override void Append(ReadOnlySpan<byte> token, ref DecodingState state, IBufferWriter<byte> output)
    {
        while (token.IndexOf(_pattern) is int at and >= 0)
        {
            output.Write(token[..at]);
            output.Write(_content);
            token = token[(at + _pattern.Length)..];
        }

        output.Write(token);
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "Replace",
        ["pattern"] = new JsonObject { ["String"] = pattern },
        ["content"] = content,
    };
}
