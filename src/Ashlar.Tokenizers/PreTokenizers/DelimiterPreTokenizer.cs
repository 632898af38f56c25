using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Cuts at one character, which is thrown away.</summary>
/// <param name="delimiter">The character.</param>
public sealed class DelimiterPreTokenizer(Rune delimiter) : PreTokenizer
{
    internal override void Cut(string text, bool atStart, List<string> pieces) =>
        pieces.AddRange(text.Split(delimiter.ToString(), StringSplitOptions.RemoveEmptyEntries));

    internal override JsonObject Write() => new() { ["type"] = "CharDelimiterSplit", ["delimiter"] = delimiter.ToString() };
}
