using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Decoders;

/// <summary><c>▁</c> back to spaces; those of the first token are left out when encoding put one there.</summary>
/// <param name="replacement">The character for a space.</param>
/// <param name="scheme">When encoding puts one before a text.</param>
/// <param name="split">Whether encoding cuts; kept so that a file is saved as it was.</param>
public sealed class MetaspaceDecoder(char replacement, PrependScheme scheme, bool split) : TokenDecoder
{
    private readonly byte[] _replacement = Encoding.UTF8.GetBytes(replacement.ToString());

    internal override void Append(ReadOnlySpan<byte> token, ref DecodingState state, IBufferWriter<byte> output)
    {
        bool drop = !state.Started && scheme != PrependScheme.Never;
        while (token.IndexOf(_replacement) is int at and >= 0)
        {
            output.Write(token[..at]);
            if (!drop)
                output.Write(" "u8);
            token = token[(at + _replacement.Length)..];
        }

        output.Write(token);
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "Metaspace",
        ["replacement"] = replacement.ToString(),
        ["prepend_scheme"] = MetaspacePreTokenizer.Name(scheme),
        ["split"] = split,
    };
}
