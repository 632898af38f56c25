using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>Drops control characters and makes a space of every other sort of white space (SentencePiece's nmt rules).</summary>
public sealed class NmtNormalizer : Normalizer
{
    /// <inheritdoc/>
    public override string Normalize(string text)
    {
        StringBuilder kept = new(text.Length);
        foreach (char unit in text)
        {
            switch (unit)
            {
                case (>= '\u0001' and <= '\u0008') or '\u000B' or (>= '\u000E' and <= '\u001F') or '\u007F' or '\u008F' or '\u009F':
                    break;
                case '\t' or '\n' or '\f' or '\r' or '\u1680' or (>= '\u200B' and <= '\u200F') or '\u2028' or '\u2029' or '\u2581' or '\uFEFF' or '\uFFFD':
                    kept.Append(' ');
                    break;
                default:
                    kept.Append(unit);
                    break;
            }
        }

        return kept.ToString();
    }

    internal override JsonObject Write() => new() { ["type"] = "Nmt" };
}
