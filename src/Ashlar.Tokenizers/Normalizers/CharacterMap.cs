using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Ashlar.Tokenizers.Normalizers;

/// <summary>
/// SentencePiece's compiled normalization rules: a double-array trie (Darts-clone's form) over UTF-8 from a sequence to the
/// place of its replacement. At each place the longest sequence that has a rule is replaced.
/// </summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly string[] _replacements; // by place in the blob; null between the starts of strings

    /// <summary>Reads the rules.</summary>
    /// <param name="blob">Trie size in bytes as a little-endian uint32, the trie, and replacements that end in 0.</param>
    /// <exception cref="InvalidDataException">The sizes do not agree.</exception>
    public CharacterMap(byte[] blob)
    {
        Blob = blob;
        uint size = blob.Length < 4 ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(blob);
        if (size % 4 != 0 || size == 0 || size > blob.Length - 4)
            throw new InvalidDataException("precompiled_charsmap is damaged: its trie is larger than the map.");
        _units = new uint[size / 4];
        for (int i = 0; i < _units.Length; i++)
            _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(blob.AsSpan(4 + (4 * i)));
        ReadOnlySpan<byte> texts = blob.AsSpan(4 + (int)size);
        _replacements = new string[texts.Length + 1];
        Array.Fill(_replacements, null!);
        for (int at = 0; at < texts.Length;)
        {
            int length = texts[at..].IndexOf((byte)0);
            if (length < 0)
                length = texts.Length - at;
            _replacements[at] = Encoding.UTF8.GetString(texts.Slice(at, length));
            at += length + 1;
        }
    }

    /// <summary>The rules as they were read.</summary>
    public byte[] Blob { get; }

    /// <summary>The replacement for the longest sequence at the start of a text, or null; and how much of the text it is for.</summary>
    public string? Find(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        string? found = null;
        uint node = Offset(_units[0]);
        Span<byte> utf8 = stackalloc byte[4];
        for (int at = 0; at < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text[at..], out Rune rune, out int units) != OperationStatus.Done)
                break;
            at += units;
            int bytes = rune.EncodeToUtf8(utf8);
            for (int i = 0; i < bytes; i++)
            {
                node ^= utf8[i];
                if (node >= _units.Length)
                    return found;
                uint unit = _units[node];
                if ((unit & 0x800000FF) != utf8[i])
                    return found;
                node ^= Offset(unit);
                if ((unit & 0x100) == 0)
                    continue;
                uint place = node < _units.Length ? _units[node] & 0x7FFFFFFF : uint.MaxValue;
                if (i + 1 == bytes && place < _replacements.Length && _replacements[place] is { } replacement)
                {
                    found = replacement;
                    length = at;
                }
            }
        }

        return found;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
