namespace Ashlar.Tokenizers.ChatTemplates;

/// <summary>A conversation as the text that a model reads.</summary>
/// <param name="Text">The whole text.</param>
/// <param name="Replies">
/// Where the assistant's replies lie, in order: each from its first character after the header of the turn up to and with
/// the token that ends the turn. Nothing else is to be supervised in fine-tuning.
/// </param>
public sealed record RenderedChat(string Text, IReadOnlyList<CharacterSpan> Replies);

/// <summary>A part of a text.</summary>
/// <param name="Start">Index of its first UTF-16 unit.</param>
/// <param name="Length">Number of UTF-16 units.</param>
public readonly record struct CharacterSpan(int Start, int Length)
{
    /// <summary>Index after its last UTF-16 unit.</summary>
    public int End => Start + Length;
}
