using System.Globalization;
using System.Text;

namespace Ashlar.Tokenizers.Unicode;

/// <summary><c>\w</c> as Unicode Technical Standard #18 has it: alphabetic, marks, decimal digits, connectors and joiners.</summary>
internal static class WordCharacters
{
    public static bool Contains(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.Format => rune.Value is 0x200C or 0x200D,
        // Circled and squared letters are symbols that are alphabetic.
        UnicodeCategory.OtherSymbol => rune.Value is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        _ => false,
    };
}
