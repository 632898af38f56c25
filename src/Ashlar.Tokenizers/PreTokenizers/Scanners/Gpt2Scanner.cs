namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>
/// GPT-2's pattern, scanned by hand: contractions; a run of letters, of numbers or of other marks, each with at most one
/// space before it; and white space, of which the last before a word is left to the word.
/// </summary>
internal sealed class Gpt2Scanner : TextScanner
{
    public const string Expression = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public override string Pattern => Expression;

    /// <summary>The scanner, when the pattern is GPT-2's as OpenAI or tiktoken writes it; else null.</summary>
    public static Gpt2Scanner? ForPattern(string pattern) =>
        pattern is Expression or @"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+" ? new Gpt2Scanner() : null;

    public override int NextLength(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'' && Contraction(text) is int contraction and > 0)
            return contraction;
        int start = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        CharacterClass kind = CharacterClasses.Of(text, start, out int length);
        if (kind != CharacterClass.Space)
            return Run(text, start + length, kind);

        // White space: all of it at the end of the text, else all but the last character, else that one.
        int end = Run(text, 1, CharacterClass.Space);
        return end == text.Length || end == 1 ? end : end - 1;
    }

    internal static int Run(ReadOnlySpan<char> text, int at, CharacterClass kind)
    {
        while (at < text.Length && CharacterClasses.Of(text, at, out int length) == kind)
            at += length;
        return at;
    }

    private static int Contraction(ReadOnlySpan<char> text)
    {
        if (text.Length < 2)
            return 0;
        if (text[1] is 's' or 't' or 'm' or 'd')
            return 2;
        return text.Length > 2 && (text[1], text[2]) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}
