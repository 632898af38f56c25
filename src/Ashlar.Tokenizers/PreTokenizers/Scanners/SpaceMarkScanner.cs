namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>
/// Cuts before a <c>▁</c> that follows something else. A model none of whose tokens holds one there gives the same ids for the
/// parts as for the whole, and words can be remembered.
/// </summary>
internal sealed class SpaceMarkScanner : TextScanner
{
    public override string? Pattern => null;

    public override int NextLength(ReadOnlySpan<char> text)
    {
        int marks = text.IndexOfAnyExcept('\u2581');
        if (marks < 0)
            return text.Length;
        int next = text[marks..].IndexOf('\u2581');
        return next < 0 ? text.Length : marks + next;
    }
}
