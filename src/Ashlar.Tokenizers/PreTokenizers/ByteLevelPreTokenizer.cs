using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>
/// Says that the model works on bytes, and may cut by GPT-2's expression first. The stand-in characters that Hugging Face
/// writes for bytes are only the spelling of the vocabulary here: the model takes the bytes themselves.
/// </summary>
/// <param name="addPrefixSpace">Whether a piece that does not begin with a space gets one.</param>
/// <param name="useRegex">Whether to cut by GPT-2's expression.</param>
public sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : PreTokenizer
{
    private readonly TextScanner _scanner = useRegex ? new Gpt2Scanner() : new WholeTextScanner();

    internal override TextScanner? Scanner => addPrefixSpace ? null : _scanner;

    internal override void Cut(string text, bool atStart, List<string> pieces) =>
        Cut(_scanner, addPrefixSpace && !text.StartsWith(' ') ? " " + text : text, pieces);

    internal override JsonObject Write() => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = addPrefixSpace,
        ["trim_offsets"] = true,
        ["use_regex"] = useRegex,
    };
}
