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
    public static Gpt2Scanner? ForPattern(string pattern) => pattern is Expression
        or @"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
        or @"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
        ? new Gpt2Scanner()
        : null;

    public override int NextLength(ReadOnlySpan<char> text)
    {
        int start = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        CharacterKinds kind = CharacterTable.Of(text, start, out int length) & (CharacterKinds.Letter | CharacterKinds.Number | CharacterKinds.Other | CharacterKinds.Space);
        if (kind != CharacterKinds.Space)
        {
            if (text[0] == '\'' && Contractions.Length(text, 0) is int contraction and > 0)
                return contraction;
            return CharacterTable.Run(text, start + length, kind);
        }

        // White space: all of it at the end of the text, else all but the last character, else that one.
        int end = CharacterTable.Run(text, 1, CharacterKinds.Space);
        return end == text.Length || end == 1 ? end : end - 1;
    }
}
