namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>
/// The pattern of o200k, scanned by hand: a word is capitals followed by small letters, with at most one mark or space before
/// it and a contraction after it, so that <c>camelCase</c> is two; numbers in groups, marks with their line ends and slashes,
/// and white space.
/// </summary>
internal sealed class O200kScanner : TextScanner
{
    public const string Expression =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public override string Pattern => Expression;

    public static O200kScanner? ForPattern(string pattern) => pattern == Expression ? new O200kScanner() : null;

    public override int NextLength(ReadOnlySpan<char> text)
    {
        char unit = text[0];
        CharacterKinds first = CharacterTable.Of(text, 0, out int length);
        int word = 0;
        if ((first & (CharacterKinds.Letter | CharacterKinds.Number)) == 0 && unit is not ('\r' or '\n') && length < text.Length)
            word = Word(text, length);
        if (word == 0 && (first & (CharacterKinds.Upper | CharacterKinds.Lower)) != 0)
            word = Word(text, 0);
        if (word == 0 && (first & CharacterKinds.Other) != 0 && length < text.Length)
            word = Capitals(text, length);
        if (word == 0 && first == CharacterKinds.Space && unit is not ('\r' or '\n') && length < text.Length)
            word = Capitals(text, length);
        if (word == 0 && (first & CharacterKinds.Upper) != 0)
            word = Capitals(text, 0);
        if (word > 0)
            return word + Contractions.LengthIgnoringCase(text, word);

        if (first == CharacterKinds.Number)
            return Cl100kScanner.NumberLength(text, 3);

        //  ?[^\s\p{L}\p{N}]+[\r\n/]*
        int marks = unit == ' ' ? 1 : 0;
        int end = CharacterTable.Run(text, marks, CharacterKinds.Other);
        if (end == marks)
            return Cl100kScanner.WhiteSpace(text);
        while (end < text.Length && text[end] is '\r' or '\n' or '/')
            end++;
        return end;
    }

    // [\p{Lu}...]*[\p{Ll}...]+ from start: 0 when it does not match. Greedy as a regular expression is: when no small letter
    // follows the capitals, the last of them that may also stand as a small letter ends the word.
    private static int Word(ReadOnlySpan<char> text, int start)
    {
        int at = start;
        int lastLower = 0; // end of the last scalar so far that is in both sets
        while (at < text.Length)
        {
            CharacterKinds kinds = CharacterTable.Of(text, at, out int length);
            if ((kinds & CharacterKinds.Upper) == 0)
                return (kinds & CharacterKinds.Lower) != 0 ? CharacterTable.Run(text, at + length, CharacterKinds.Lower) : lastLower;
            at += length;
            if ((kinds & CharacterKinds.Lower) != 0)
                lastLower = at;
        }

        return lastLower;
    }

    private static int Capitals(ReadOnlySpan<char> text, int start)
    {
        int end = CharacterTable.Run(text, start, CharacterKinds.Upper);
        return end > start ? end : 0;
    }
}
