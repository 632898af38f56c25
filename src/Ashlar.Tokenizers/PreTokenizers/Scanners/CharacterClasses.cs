using System.Globalization;
using System.Text;

namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>The Unicode classes that the published patterns ask for, of whole scalars rather than UTF-16 units.</summary>
internal enum CharacterClass : byte
{
    Other,
    Letter,
    Number,
    Space,
}

internal static class CharacterClasses
{
    private static readonly CharacterClass[] Basic = Build();

    /// <summary>Class of the scalar at <paramref name="at"/> and its length in UTF-16 units; a lone surrogate is Other.</summary>
    public static CharacterClass Of(ReadOnlySpan<char> text, int at, out int length)
    {
        char unit = text[at];
        length = 1;
        if (!char.IsSurrogate(unit))
            return Basic[unit];
        if (Rune.DecodeFromUtf16(text[at..], out Rune rune, out int consumed) != System.Buffers.OperationStatus.Done)
            return CharacterClass.Other;
        length = consumed;
        return FromCategory(Rune.GetUnicodeCategory(rune));
    }

    private static CharacterClass[] Build()
    {
        CharacterClass[] classes = new CharacterClass[0x10000];
        for (int unit = 0; unit < classes.Length; unit++)
            classes[unit] = char.IsWhiteSpace((char)unit) ? CharacterClass.Space : FromCategory(CharUnicodeInfo.GetUnicodeCategory((char)unit));
        return classes;
    }

    private static CharacterClass FromCategory(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
        _ => CharacterClass.Other,
    };
}
