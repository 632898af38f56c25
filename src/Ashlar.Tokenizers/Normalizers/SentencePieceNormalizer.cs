using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>
/// SentencePiece's normalizer as a whole: compiled rules, white space put in order, the dummy prefix, and <c>▁</c> for spaces
/// (Kudo and Richardson 2018, section 3.2). It is written as the sequence of Hugging Face parts that does the same.
/// </summary>
/// <param name="map">Compiled rules; null changes nothing.</param>
/// <param name="dummyPrefix">Whether a text that is not empty gets a space before it.</param>
/// <param name="removeExtraWhitespace">Whether spaces at the ends go and runs of spaces become one.</param>
/// <param name="escapeWhitespace">Whether a space is written as <c>▁</c>.</param>
/// <param name="asSuffix">Whether the dummy space stands behind the text.</param>
/// <param name="untouched">Strings that no rule changes: the symbols that the user defined.</param>
internal sealed class SentencePieceNormalizer(
    CharacterMap? map, bool dummyPrefix, bool removeExtraWhitespace, bool escapeWhitespace, bool asSuffix, IReadOnlyList<string> untouched) : Normalizer
{
    public const char Space = '\u2581';

    private readonly string[] _untouched = [.. untouched.OrderByDescending(symbol => symbol.Length)];

    public override string Normalize(string text)
    {
        char space = escapeWhitespace ? Space : ' ';
        StringBuilder written = new(text.Length + 8);
        int at = 0;
        if (removeExtraWhitespace)
        {
            while (at < text.Length && Next(text, at, out int length) is " ")
                at += length;
        }

        if (at == text.Length)
            return "";
        if (dummyPrefix && !asSuffix)
            written.Append(space);
        bool afterSpace = removeExtraWhitespace;
        while (at < text.Length)
        {
            ReadOnlySpan<char> part = Next(text, at, out int length);
            at += length;
            while (afterSpace && part.StartsWith(' '))
                part = part[1..];
            if (part.IsEmpty)
                continue;
            foreach (char unit in part)
                written.Append(unit == ' ' ? space : unit);
            afterSpace = removeExtraWhitespace && part[^1] == ' ';
        }

        if (removeExtraWhitespace)
        {
            while (written.Length > 0 && written[^1] == space)
                written.Length--;
        }

        if (dummyPrefix && asSuffix)
            written.Append(space);
        return written.ToString();
    }

    internal override JsonObject Write()
    {
        if (asSuffix)
            throw new InvalidDataException("a SentencePiece model with treat_whitespace_as_suffix has no form in tokenizer.json; keep its .model file.");
        List<Normalizer> parts = [];
        if (map is not null)
            parts.Add(new PrecompiledNormalizer(map));
        if (removeExtraWhitespace)
        {
            parts.Add(new ReplaceNormalizer("^ +| +$", "", regex: true));
            parts.Add(new ReplaceNormalizer(" {2,}", " ", regex: true));
        }

        if (dummyPrefix)
            parts.Add(new PrependNormalizer(escapeWhitespace ? Space.ToString() : " "));
        if (escapeWhitespace)
            parts.Add(new ReplaceNormalizer(" ", Space.ToString()));
        return new SequenceNormalizer(parts).Write();
    }

    private ReadOnlySpan<char> Next(string text, int at, out int length)
    {
        ReadOnlySpan<char> rest = text.AsSpan(at);
        foreach (string symbol in _untouched)
        {
            if (rest.StartsWith(symbol, StringComparison.Ordinal))
            {
                length = symbol.Length;
                return symbol;
            }
        }

        if (map is not null && map.Find(rest, out length) is { } replacement)
            return replacement;

        _ = Rune.DecodeFromUtf16(rest, out _, out length);
        return rest[..length];
    }
}
