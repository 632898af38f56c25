using System.Text.Json.Nodes;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Cuts text into pre-tokens, which merges never cross. It may also change them, as Metaspace does.</summary>
public abstract class PreTokenizer
{
    /// <summary>
    /// The scanner that does the same as <see cref="Cut(string, bool, List{string})"/> with no string made, or null when this pre-tokenizer does more than
    /// cut from left to right.
    /// </summary>
    internal virtual TextScanner? Scanner => null;

    /// <summary>Appends the pre-tokens of a piece of text.</summary>
    /// <param name="text">A piece between added tokens, or a pre-token of the step before.</param>
    /// <param name="atStart">Whether it begins at the very start of the text that is encoded.</param>
    /// <param name="pieces">Receives the pre-tokens in order; an empty one is never added.</param>
    internal abstract void Cut(string text, bool atStart, List<string> pieces);

    /// <summary>This part as <c>tokenizer.json</c> writes it.</summary>
    internal abstract JsonObject Write();

    /// <summary>Cuts with a scanner.</summary>
    private protected static void Cut(TextScanner scanner, string text, List<string> pieces)
    {
        for (int at = 0; at < text.Length;)
        {
            int length = scanner.NextLength(text.AsSpan(at));
            pieces.Add(length == text.Length ? text : text.Substring(at, length));
            at += length;
        }
    }
}
