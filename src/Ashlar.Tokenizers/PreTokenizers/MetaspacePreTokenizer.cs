using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>When a piece of text gets the character that stands for a space before it.</summary>
public enum PrependScheme
{
    /// <summary>Every piece.</summary>
    Always,

    /// <summary>Only the piece at the start of the text.</summary>
    First,

    /// <summary>None.</summary>
    Never,
}

/// <summary>Writes spaces as <c>▁</c> and cuts before each, as SentencePiece's words begin.</summary>
/// <param name="replacement">The character for a space.</param>
/// <param name="scheme">When a piece that does not begin with it gets one.</param>
/// <param name="split">Whether to cut.</param>
public sealed class MetaspacePreTokenizer(char replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    internal override void Cut(string text, bool atStart, List<string> pieces)
    {
        text = text.Replace(' ', replacement);
        if (text.Length == 0)
            return;
        if ((scheme == PrependScheme.Always || (scheme == PrependScheme.First && atStart)) && text[0] != replacement)
            text = replacement + text;
        int start = 0;
        while (split && text.IndexOf(replacement, start + 1) is int next and > 0)
        {
            pieces.Add(text[start..next]);
            start = next;
        }

        pieces.Add(start == 0 ? text : text[start..]);
    }

    internal override JsonObject Write() => new()
    {
        ["type"] = "Metaspace",
        ["replacement"] = replacement.ToString(),
        ["prepend_scheme"] = Name(scheme),
        ["split"] = split,
    };

    internal static string Name(PrependScheme scheme) => scheme switch
    {
        PrependScheme.Always => "always",
        PrependScheme.First => "first",
        _ => "never",
    };
}
