namespace Ashlar.Tokenizers.PreTokenizers;

/// <summary>What becomes of the text that a splitting pre-tokenizer matches.</summary>
public enum SplitBehavior
{
    /// <summary>It is thrown away.</summary>
    Removed,

    /// <summary>It is a pre-token of its own.</summary>
    Isolated,

    /// <summary>It is the end of the pre-token before it.</summary>
    MergedWithPrevious,

    /// <summary>It is the beginning of the pre-token after it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring matches are one pre-token.</summary>
    Contiguous,
}

/// <summary>Cuts a text at matches, as Hugging Face's <c>NormalizedString::split</c> does.</summary>
internal static class MatchSplitter
{
    /// <summary>Appends the pieces of <paramref name="text"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="matches">Matches in order, not overlapping.</param>
    /// <param name="behavior">What becomes of a match.</param>
    /// <param name="invert">Whether what lies between the matches counts as the match.</param>
    /// <param name="pieces">Receives the pieces.</param>
    public static void Split(string text, IEnumerable<(int Start, int Length)> matches, SplitBehavior behavior, bool invert, List<string> pieces)
    {
        List<(int Start, int End, bool Match)> parts = [];
        int at = 0;
        foreach ((int start, int length) in matches)
        {
            if (start > at)
                parts.Add((at, start, invert));
            parts.Add((start, start + length, !invert));
            at = start + length;
        }

        if (at < text.Length)
            parts.Add((at, text.Length, invert));

        int from = 0; // start of the piece that is being put together
        for (int i = 0; i < parts.Count; i++)
        {
            (int start, int end, bool match) = parts[i];
            bool last = i + 1 == parts.Count;
            bool nextMatch = !last && parts[i + 1].Match;
            bool ends = behavior switch
            {
                SplitBehavior.MergedWithPrevious => last || !nextMatch || match,
                SplitBehavior.MergedWithNext => last || !match || nextMatch,
                SplitBehavior.Contiguous => last || nextMatch != match,
                _ => true,
            };
            if (behavior == SplitBehavior.Removed && match)
            {
                from = end;
                continue;
            }

            if (!ends)
                continue;
            from = Math.Min(from, start);
            if (end > from)
                pieces.Add(from == 0 && end == text.Length ? text : text[from..end]);
            from = end;
        }
    }
}
