using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Words between white space, which is thrown away.</summary>
public sealed class WhitespaceSplitPreTokenizer : PreTokenizer
{
    internal override void Cut(string text, bool atStart, List<string> pieces)
    {
        for (int at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            int start = at;
            while (at < text.Length && !char.IsWhiteSpace(text[at]))
                at++;
            pieces.Add(start == 0 && at == text.Length ? text : text[start..at]);
        }
    }

    internal override JsonObject Write() => new() { ["type"] = "WhitespaceSplit" };
}
