using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Pieces of equally many characters; the last may be shorter.</summary>
/// <param name="length">Unicode scalars in a piece, at least 1.</param>
public sealed class FixedLengthPreTokenizer(int length) : PreTokenizer
{
    internal override void Cut(string text, bool atStart, List<string> pieces)
    {
        int start = 0;
        int count = 0;
        for (int at = 0; at < text.Length;)
        {
            _ = Rune.DecodeFromUtf16(text.AsSpan(at), out _, out int units);
            at += units;
            if (++count == length || at == text.Length)
            {
                pieces.Add(text[start..at]);
                (start, count) = (at, 0);
            }
        }
    }

    internal override JsonObject Write() => new() { ["type"] = "FixedLength", ["length"] = length };
}
