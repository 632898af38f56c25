using System.Globalization;

namespace Ashlar.Tokenizers.Models;

/// <summary>The tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c> that stand for single bytes (SentencePiece's byte fallback).</summary>
internal static class ByteTokens
{
    public static string Name(int value) => $"<0x{value:X2}>";

    /// <summary>The byte that a token stands for.</summary>
    public static bool TryRead(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The ids of all 256 in order of the byte, or null when one is missing.</summary>
    public static int[]? Find(Dictionary<string, int> ids)
    {
        int[] found = new int[256];
        for (int value = 0; value < 256; value++)
        {
            if (!ids.TryGetValue(Name(value), out found[value]))
                return null;
        }

        return found;
    }
}
