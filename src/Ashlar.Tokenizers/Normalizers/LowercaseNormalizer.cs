using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>Lower case, a scalar at a time and in no one's language: Σ is σ everywhere.</summary>
public sealed class LowercaseNormalizer : Normalizer
{
    /// <inheritdoc/>
    public override string Normalize(string text) => Lower(text);

    internal override JsonObject Write() => new() { ["type"] = "Lowercase" };

    internal static string Lower(string text)
    {
        int at = 0;
        while (at < text.Length && text[at] is < 'A' or (> 'Z' and < '\u0080'))
            at++;
        if (at == text.Length)
            return text;
        StringBuilder lower = new(text, 0, at, text.Length + 8);
        while (at < text.Length)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(at), out Rune rune, out int length) != OperationStatus.Done)
                lower.Append(text[at]);
            else if (rune.Value == 0x130)
                lower.Append("i\u0307"); // the one scalar whose lower case is two
            else
                Append(lower, Rune.ToLowerInvariant(rune));
            at += length;
        }

        return lower.ToString();
    }

    private static void Append(StringBuilder text, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        text.Append(units[..rune.EncodeToUtf16(units)]);
    }
}
