using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Keeps numbers apart from other text, digit by digit or as runs.</summary>
/// <param name="individual">Whether each digit is a pre-token of its own.</param>
public sealed class DigitsPreTokenizer(bool individual) : PreTokenizer
{
    internal override void Cut(string text, bool atStart, List<string> pieces) =>
        MatchSplitter.Split(text, Digits(text), individual ? SplitBehavior.Isolated : SplitBehavior.Contiguous, false, pieces);

    internal override JsonObject Write() => new() { ["type"] = "Digits", ["individual_digits"] = individual };

    private static List<(int, int)> Digits(string text)
    {
        List<(int, int)> found = [];
        for (int at = 0; at < text.Length;)
        {
            CharacterKinds kind = CharacterTable.Of(text, at, out int length);
            if (kind == CharacterKinds.Number)
                found.Add((at, length));
            at += length;
        }

        return found;
    }
}
