namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>English contractions: 's 't 're 've 'm 'll 'd.</summary>
internal static class Contractions
{
    /// <summary>Length of the contraction that begins at <paramref name="at"/>, in small letters; 0 if there is none.</summary>
    public static int Length(ReadOnlySpan<char> text, int at)
    {
        if (at + 1 >= text.Length || text[at] != '\'')
            return 0;
        char second = text[at + 1];
        if (second is 's' or 't' or 'm' or 'd')
            return 2;
        return at + 2 < text.Length && (second, text[at + 2]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    /// <summary>The same in either case.</summary>
    public static int LengthIgnoringCase(ReadOnlySpan<char> text, int at)
    {
        if (at + 1 >= text.Length || text[at] != '\'')
            return 0;
        // U+017F, the long s, folds to s as regular expressions with the i flag have it.
        char second = text[at + 1] == '\u017F' ? 's' : (char)(text[at + 1] | 0x20);
        if (second is 's' or 't' or 'm' or 'd')
            return 2;
        return at + 2 < text.Length && (second, (char)(text[at + 2] | 0x20)) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}
