using System.Buffers;
using System.Text;

namespace Ashlar.Tokenizers.Unicode;

/// <summary>
/// Bytes that are not UTF-8 inside a string: a byte of 0x80 and above that belongs to no character is the lone surrogate
/// U+DC00 + byte, as in Python's error handler of that name. So text that holds such bytes goes through normalizers and
/// pre-tokenizers like any other.
/// </summary>
internal static class SurrogateEscape
{
    /// <summary>Bytes to a string.</summary>
    public static string Read(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        Span<char> units = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done)
            {
                text.Append(units[..rune.EncodeToUtf16(units)]);
            }
            else
            {
                foreach (byte value in bytes[..length])
                    text.Append((char)(0xDC00 + value));
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>The byte that a unit stands for, if it is an escape.</summary>
    public static bool IsByte(char unit, out byte value)
    {
        value = (byte)unit;
        return unit is >= '\uDC80' and <= '\uDCFF';
    }

    /// <summary>Text of a user, in which a lone surrogate is no escape but U+FFFD.</summary>
    public static string Clean(string text)
    {
        int at = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        if (at < 0)
            return text;
        char[]? units = null;
        while (at < text.Length)
        {
            if (char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                at += 2;
                continue;
            }

            if (char.IsSurrogate(text[at]))
                (units ??= text.ToCharArray())[at] = '\uFFFD';
            at++;
        }

        return units is null ? text : new string(units);
    }

    /// <summary>String to bytes, escapes to what they stand for.</summary>
    /// <param name="text">The string.</param>
    /// <param name="bytes">At least 3 bytes a unit.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Write(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        int written = 0;
        while (!text.IsEmpty)
        {
            int plain = text.IndexOfAnyInRange('\uDC80', '\uDCFF');
            // The second half of a pair is no escape.
            while (plain > 0 && char.IsHighSurrogate(text[plain - 1]))
            {
                int more = text[(plain + 1)..].IndexOfAnyInRange('\uDC80', '\uDCFF');
                plain = more < 0 ? -1 : plain + 1 + more;
            }

            if (plain < 0)
                return written + Encoding.UTF8.GetBytes(text, bytes[written..]);
            written += Encoding.UTF8.GetBytes(text[..plain], bytes[written..]);
            bytes[written++] = (byte)text[plain];
            text = text[(plain + 1)..];
        }

        return written;
    }
}
