using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Ashlar.Tokenizers.PreTokenizers.Scanners;

/// <summary>The Unicode sets that the published patterns ask for, as bits, so that a run is one test a character.</summary>
[Flags]
internal enum CharacterKinds : byte
{
    None = 0,

    /// <summary><c>\p{L}</c>.</summary>
    Letter = 1,

    /// <summary><c>\p{N}</c>.</summary>
    Number = 2,

    /// <summary><c>\s</c>.</summary>
    Space = 4,

    /// <summary><c>[^\s\p{L}\p{N}]</c>: marks of every sort.</summary>
    Other = 8,

    /// <summary><c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>: what may stand where a capital stands.</summary>
    Upper = 16,

    /// <summary><c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>: what may stand where a small letter stands.</summary>
    Lower = 32,

    /// <summary>Half of a surrogate pair: the whole scalar must be looked at.</summary>
    Surrogate = 128,
}

/// <summary>Looks up and follows <see cref="CharacterKinds"/>, by whole scalars rather than UTF-16 units.</summary>
internal static class CharacterTable
{
    private static readonly CharacterKinds[] Basic = Build();

    /// <summary>Kinds of the scalar at <paramref name="at"/> and its length in UTF-16 units; a lone surrogate is Other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CharacterKinds Of(ReadOnlySpan<char> text, int at, out int length)
    {
        length = 1;
        CharacterKinds kinds = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(Basic), text[at]);
        return kinds == CharacterKinds.Surrogate ? OfPair(text, at, out length) : kinds;
    }

    /// <summary>The end of the run of scalars of any of the kinds that begins at <paramref name="at"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Run(ReadOnlySpan<char> text, int at, CharacterKinds kinds)
    {
        ref CharacterKinds table = ref MemoryMarshal.GetArrayDataReference(Basic);
        while (at < text.Length)
        {
            CharacterKinds here = Unsafe.Add(ref table, text[at]);
            if ((here & kinds) != 0)
                at++;
            else if (here == CharacterKinds.Surrogate && (OfPair(text, at, out int length) & kinds) != 0)
                at += length;
            else
                break;
        }

        return at;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static CharacterKinds OfPair(ReadOnlySpan<char> text, int at, out int length)
    {
        if (Rune.DecodeFromUtf16(text[at..], out Rune rune, out length) == OperationStatus.Done)
            return FromCategory(Rune.GetUnicodeCategory(rune));
        length = 1;
        return CharacterKinds.Other;
    }

    private static CharacterKinds[] Build()
    {
        CharacterKinds[] kinds = new CharacterKinds[0x10000];
        for (int unit = 0; unit < kinds.Length; unit++)
        {
            kinds[unit] = char.IsSurrogate((char)unit) ? CharacterKinds.Surrogate
                : char.IsWhiteSpace((char)unit) ? CharacterKinds.Space
                : FromCategory(CharUnicodeInfo.GetUnicodeCategory((char)unit));
        }

        return kinds;
    }

    private static CharacterKinds FromCategory(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => CharacterKinds.Letter | CharacterKinds.Upper,
        UnicodeCategory.LowercaseLetter => CharacterKinds.Letter | CharacterKinds.Lower,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharacterKinds.Letter | CharacterKinds.Upper | CharacterKinds.Lower,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark =>
            CharacterKinds.Other | CharacterKinds.Upper | CharacterKinds.Lower,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterKinds.Number,
        _ => CharacterKinds.Other,
    };
}
