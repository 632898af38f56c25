using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Words between white space, with every punctuation mark a word of its own.</summary>
public sealed class BertPreTokenizer : PreTokenizer
{
    internal override void Cut(string text, bool atStart, List<string> pieces)
    {
        int start = 0;
        for (int at = 0; at < text.Length;)
        {
            _ = Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int length);
            bool space = Rune.IsWhiteSpace(rune);
            bool mark = !space && PunctuationPreTokenizer.IsPunctuation(rune);
            if (space || mark)
            {
                if (at > start)
                    pieces.Add(text[start..at]);
                if (mark)
                    pieces.Add(text.Substring(at, length));
                start = at + length;
            }

            at += length;
        }

        if (start < text.Length)
            pieces.Add(start == 0 ? text : text[start..]);
    }

    internal override JsonObject Write() => new() { ["type"] = "BertPreTokenizer" };
}
