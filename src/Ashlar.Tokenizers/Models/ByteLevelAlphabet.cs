using System.Text;

namespace Ashlar.Tokenizers.Models;

/// <summary>
/// GPT-2's printable stand-ins for the 256 bytes: a byte that prints in Latin-1 stands for itself, the others take the
/// characters from U+0100 on, so that vocabularies can be written as text (Radford et al. 2019, released encoder).
/// </summary>
internal static class ByteLevelAlphabet
{
    private static readonly char[] FromByte = Build();
    private static readonly Dictionary<char, byte> ToByte =
        FromByte.Select((character, value) => (character, value)).ToDictionary(pair => pair.character, pair => (byte)pair.value);

    public static string Spell(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        foreach (byte value in bytes)
            text.Append(FromByte[value]);
        return text.ToString();
    }

    /// <summary>The bytes of a spelled token; null when a character is not of the alphabet.</summary>
    public static byte[]? Read(string token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!ToByte.TryGetValue(token[i], out bytes[i]))
                return null;
        }

        return bytes;
    }

    private static char[] Build()
    {
        char[] alphabet = new char[256];
        char next = '\u0100';
        for (int value = 0; value < 256; value++)
            alphabet[value] = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)value : next++;
        return alphabet;
    }
}
