using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>
/// SentencePiece's compiled rules as a part of <c>tokenizer.json</c>. The longest rule wins, as in SentencePiece itself, by
/// which such models were trained.
/// </summary>
public sealed class PrecompiledNormalizer : Normalizer
{
    private readonly CharacterMap _map;

    /// <summary>Reads the rules.</summary>
    /// <param name="blob">The compiled rules.</param>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public PrecompiledNormalizer(byte[] blob) => _map = new CharacterMap(blob);

    internal PrecompiledNormalizer(CharacterMap map) => _map = map;

    /// <inheritdoc/>
    public override string Normalize(string text)
    {
        StringBuilder written = new(text.Length + 8);
        for (int at = 0; at < text.Length;)
        {
            if (_map.Find(text.AsSpan(at), out int length) is { } replacement)
            {
                written.Append(replacement);
            }
            else
            {
                _ = Rune.DecodeFromUtf16(text.AsSpan(at), out _, out length);
                written.Append(text, at, length);
            }

            at += length;
        }

        return written.ToString();
    }

    internal override JsonObject Write() => new() { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(_map.Blob) };
}
