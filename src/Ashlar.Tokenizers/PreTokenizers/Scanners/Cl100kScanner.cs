namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>
/// The pattern of cl100k, Llama 3 and Qwen, scanned by hand: contractions in either case, letters with one mark or space
/// before them, numbers in groups, marks with their line ends, and white space.
/// </summary>
/// <param name="numberLength">Most digits in one pre-token: 3 for cl100k and Llama 3, 1 for Qwen.</param>
internal sealed class Cl100kScanner(int numberLength) : TextScanner
{
    private const string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // The same language as Hugging Face, llama.cpp and tiktoken write it.
    private static readonly string[] Heads =
    [
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|",
        @"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|",
        @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|",
    ];

    private readonly bool _foldsLongS = true;

    private Cl100kScanner(int numberLength, string pattern, bool foldsLongS)
        : this(numberLength)
    {
        Pattern = pattern;
        _foldsLongS = foldsLongS;
    }

    public override string Pattern { get; } = Heads[0] + Numbers(numberLength) + Tail;

    /// <summary>The scanner for a published pattern, or null.</summary>
    public static Cl100kScanner? ForPattern(string pattern)
    {
        foreach (int digits in (ReadOnlySpan<int>)[1, 3])
        {
            foreach (string head in Heads)
            {
                if (pattern == head + Numbers(digits) + Tail)
                    return new Cl100kScanner(digits, pattern, foldsLongS: head != Heads[1]);
            }
        }

        return null;
    }

    public override int NextLength(ReadOnlySpan<char> text)
    {
        char unit = text[0];
        CharacterKinds first = CharacterTable.Of(text, 0, out int length);

        // [^\r\n\p{L}\p{N}]?\p{L}+
        if ((first & CharacterKinds.Letter) != 0)
            return CharacterTable.Run(text, length, CharacterKinds.Letter);
        if (unit == '\'' && Contractions.LengthIgnoringCase(text, 0) is int contraction and > 0 && (_foldsLongS || text[1] != '\u017F'))
            return contraction;
        if (first == CharacterKinds.Number)
            return NumberLength(text);
        CharacterKinds second = CharacterKinds.None;
        int secondLength = 0;
        if (length < text.Length)
            second = CharacterTable.Of(text, length, out secondLength);
        if ((second & CharacterKinds.Letter) != 0 && unit is not ('\r' or '\n'))
            return CharacterTable.Run(text, length + secondLength, CharacterKinds.Letter);

        //  ?[^\s\p{L}\p{N}]+[\r\n]*
        if ((first & CharacterKinds.Other) != 0)
            return LineEnds(text, CharacterTable.Run(text, length, CharacterKinds.Other));
        if (unit == ' ' && (second & CharacterKinds.Other) != 0)
            return LineEnds(text, CharacterTable.Run(text, 1 + secondLength, CharacterKinds.Other));
        return WhiteSpace(text);
    }

    /// <summary><c>\s*[\r\n]+|\s+(?!\S)|\s+</c>: up to the last line end of the run, else as GPT-2.</summary>
    internal static int WhiteSpace(ReadOnlySpan<char> text)
    {
        int spaces = CharacterTable.Run(text, 1, CharacterKinds.Space);
        int lineEnd = text[..spaces].LastIndexOfAny('\r', '\n');
        if (lineEnd >= 0)
            return lineEnd + 1;
        return spaces == text.Length || spaces == 1 ? spaces : spaces - 1;
    }

    private int NumberLength(ReadOnlySpan<char> text) => NumberLength(text, numberLength);

    /// <summary>The end of at most so many numbers.</summary>
    internal static int NumberLength(ReadOnlySpan<char> text, int most)
    {
        int at = 0;
        for (int count = 0; count < most && at < text.Length; count++)
        {
            if (CharacterTable.Of(text, at, out int length) != CharacterKinds.Number)
                break;
            at += length;
        }

        return at;
    }

    private static int LineEnds(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && text[at] is '\r' or '\n')
            at++;
        return at;
    }

    private static string Numbers(int most) => most == 1 ? @"\p{N}" : $@"\p{{N}}{{1,{most}}}";
}
