using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Cuts at punctuation: ASCII's, symbols included, and Unicode's.</summary>
/// <param name="behavior">What becomes of a mark.</param>
public sealed class PunctuationPreTokenizer(SplitBehavior behavior = SplitBehavior.Isolated) : PreTokenizer
{
    internal override void Cut(string text, bool atStart, List<string> pieces)
    {
        List<(int, int)> marks = [];
        for (int at = 0; at < text.Length;)
        {
            _ = Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int length);
            if (IsPunctuation(rune))
                marks.Add((at, length));
            at += length;
        }

        MatchSplitter.Split(text, marks, behavior, invert: false, pieces);
    }

    internal override JsonObject Write() => new() { ["type"] = "Punctuation", ["behavior"] = behavior.ToString() };

    internal static bool IsPunctuation(Rune rune) => rune.IsAscii
        ? rune.Value is (>= '!' and <= '/') or (>= ':' and <= '@') or (>= '[' and <= '`') or (>= '{' and <= '~')
        : Rune.GetUnicodeCategory(rune) is
            UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
            or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;
}
