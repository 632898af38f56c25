using System.Buffers;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Decoders;

/// <summary>
/// A token's text is its bytes: ByteLevel and ByteFallback, whose bytes the model already gives, and Fuse, which only joins.
/// </summary>
/// <param name="type">The name in <c>tokenizer.json</c>: ByteLevel, ByteFallback or Fuse.</param>
public sealed class IdentityDecoder(string type) : TokenDecoder
{
    internal override bool IsIdentity => true;

    /// <summary>The name in <c>tokenizer.json</c>.</summary>
    internal string Type => type;

    internal override void Append(ReadOnlySpan<byte> token, ref DecodingState state, IBufferWriter<byte> output) => output.Write(token);

    internal override JsonObject Write()
    {
        JsonObject part = new() { ["type"] = type };
        if (type == "ByteLevel")
        {
            part["add_prefix_space"] = true;
            part["trim_offsets"] = true;
            part["use_regex"] = true;
        }

        return part;
    }
}
