namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>
/// The pattern of cl100k, Llama 3 and Qwen, scanned by hand: contractions in either case, letters with one mark or space
/// before them, numbers in groups, marks with their line ends, and white space.
/// </summary>
/// <param name="numberLength">Most digits in one pre-token: 3 for cl100k and Llama 3, 1 for Qwen.</param>
internal sealed class Cl100kScanner(int numberLength) : TextScanner
{
    private static readonly string Head = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|";
    private static readonly string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public override string Pattern => Head + (numberLength == 1 ? @"\p{N}" : $@"\p{{N}}{{1,{numberLength}}}") + Tail;

    /// <summary>The scanner for a published pattern, or null.</summary>
    public static Cl100kScanner? ForPattern(string pattern)
    {
        foreach (int digits in (ReadOnlySpan<int>)[1, 3])
        {
            Cl100kScanner scanner = new(digits);
            // tiktoken writes the same language with possessive quantifiers.
            if (pattern == scanner.Pattern || pattern == scanner.Pattern.Replace("?i:'s|'t|'re|'ve|'m|'ll|'d", "?i:[sdmt]|ll|ve|re"))
                return scanner;
        }

        return null;
    }

    public override int NextLength(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'' && Contraction(text) is int contraction and > 0)
            return contraction;
        CharacterClass first = CharacterClasses.Of(text, 0, out int length);

        // [^\r\n\p{L}\p{N}]?\p{L}+
        if (first == CharacterClass.Letter)
            return Gpt2Scanner.Run(text, length, CharacterClass.Letter);
        if (first == CharacterClass.Number)
            return Numbers(text);
        if (text[0] is not ('\r' or '\n') && length < text.Length
            && CharacterClasses.Of(text, length, out int letter) == CharacterClass.Letter)
            return Gpt2Scanner.Run(text, length + letter, CharacterClass.Letter);

        //  ?[^\s\p{L}\p{N}]+[\r\n]*
        int start = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        if (CharacterClasses.Of(text, start, out int mark) == CharacterClass.Other)
        {
            int end = Gpt2Scanner.Run(text, start + mark, CharacterClass.Other);
            while (end < text.Length && text[end] is '\r' or '\n')
                end++;
            return end;
        }

        // \s*[\r\n]+ takes everything up to the last line end of the run; then as GPT-2.
        int spaces = Gpt2Scanner.Run(text, 1, CharacterClass.Space);
        int lineEnd = text[..spaces].LastIndexOfAny('\r', '\n');
        if (lineEnd >= 0)
            return lineEnd + 1;
        return spaces == text.Length || spaces == 1 ? spaces : spaces - 1;
    }

    private int Numbers(ReadOnlySpan<char> text)
    {
        int at = 0;
        for (int count = 0; count < numberLength && at < text.Length; count++)
        {
            if (CharacterClasses.Of(text, at, out int length) != CharacterClass.Number)
                break;
            at += length;
        }

        return at;
    }

    private static int Contraction(ReadOnlySpan<char> text)
    {
        if (text.Length < 2)
            return 0;
        // U+017F folds to s, as regular expressions with the i flag have it.
        char second = text[1] == '\u017F' ? 's' : char.ToLowerInvariant(text[1]);
        if (second is 's' or 't' or 'm' or 'd')
            return 2;
        return text.Length > 2 && (second, char.ToLowerInvariant(text[2])) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}
