namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>
/// Cuts text from left to right without changing it: every character belongs to exactly one pre-token, and where a
/// pre-token ends depends only on the text from its start. This is the fast path of encoding.
/// </summary>
internal abstract class TextScanner
{
    /// <summary>The length of the pre-token that begins at the start of <paramref name="text"/>; at least 1.</summary>
    public abstract int NextLength(ReadOnlySpan<char> text);

    /// <summary>The regular expression, as <c>tokenizer.json</c> writes it; null when the whole text is one pre-token.</summary>
    public abstract string? Pattern { get; }

    /// <summary>The hand-written scanner for a published pattern, or null.</summary>
    public static TextScanner? Published(string pattern) =>
        Gpt2Scanner.ForPattern(pattern) ?? Cl100kScanner.ForPattern(pattern) ?? (TextScanner?)O200kScanner.ForPattern(pattern);
}

/// <summary>No cut: the whole text is one pre-token.</summary>
internal sealed class WholeTextScanner : TextScanner
{
    public override string? Pattern => null;

    public override int NextLength(ReadOnlySpan<char> text) => text.Length;
}
