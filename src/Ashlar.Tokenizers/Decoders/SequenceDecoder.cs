using System.Buffers;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Decoders;

/// <summary>Several decoders, one after the other. After Fuse there is one token, whose start alone is a start.</summary>
/// <param name="parts">The steps.</param>
public sealed class SequenceDecoder(IReadOnlyList<TokenDecoder> parts) : TokenDecoder
{
    internal override bool IsIdentity => parts.All(part => part.IsIdentity);

    internal override void Append(ReadOnlySpan<byte> token, ref DecodingState state, IBufferWriter<byte> output)
    {
        byte[] now = token.ToArray();
        bool fused = false;
        foreach (TokenDecoder part in parts)
        {
            if (part is IdentityDecoder identity)
            {
                fused |= identity.Type == "Fuse";
                continue;
            }

            if (fused && part is StripDecoder && state.Started)
                continue;
            ArrayBufferWriter<byte> next = new(now.Length + 4);
            part.Append(now, ref state, next);
            now = next.WrittenSpan.ToArray();
        }

        output.Write(now);
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "Sequence",
        ["decoders"] = new JsonArray([.. parts.Select(part => part.Write())]),
    };
}
