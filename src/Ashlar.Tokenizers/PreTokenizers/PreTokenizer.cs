namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>Cuts text into pre-tokens, which merges never cross. Every character belongs to exactly one.</summary>
public abstract class PreTokenizer
{
    /// <summary>The length of the pre-token that begins at the start of <paramref name="text"/>; at least 1.</summary>
    internal abstract int NextLength(ReadOnlySpan<char> text);

    /// <summary>The regular expression, as <c>tokenizer.json</c> writes it; null when the whole text is one pre-token.</summary>
    public abstract string? Pattern { get; }
}

/// <summary>No cut: the whole text is one pre-token.</summary>
internal sealed class WholeText : PreTokenizer
{
    public override string? Pattern => null;

    internal override int NextLength(ReadOnlySpan<char> text) => text.Length;
}
