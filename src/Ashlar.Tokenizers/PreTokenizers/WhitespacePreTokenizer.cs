using System.Text;
using System.Text.Json.Nodes;
using Ashlar.Tokenizers.Unicode;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Runs of word characters and runs of other marks (<c>\w+|[^\w\s]+</c>); white space is thrown away.</summary>
public sealed class WhitespacePreTokenizer : PreTokenizer
{
    internal override void Cut(string text, bool atStart, List<string> pieces)
    {
        int start = 0;
        int before = 0; // 0 white space, 1 word, 2 other
        for (int at = 0; at < text.Length;)
        {
            _ = Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int length);
            int kind = Rune.IsWhiteSpace(rune) ? 0 : WordCharacters.Contains(rune) ? 1 : 2;
            if (kind != before)
            {
                if (before != 0)
                    pieces.Add(text[start..at]);
                (start, before) = (at, kind);
            }

            at += length;
        }

        if (before != 0)
            pieces.Add(text[start..]);
    }

    internal override JsonObject Write() => new() { ["type"] = "Whitespace" };
}
