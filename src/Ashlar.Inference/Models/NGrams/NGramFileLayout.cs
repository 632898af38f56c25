using System.Buffers.Binary;

namespace Ashlar.Inference.Models.NGrams;

/// <summary>
/// <c>model.ngram</c>. All numbers are little-endian:
/// <code>
///   0   8  magic "ASHNGRAM"        32   8  k of add-k, float64
///   8   4  version, 1              40   8  length of the file
///  12   4  order                   48  16  zero
///  16   4  vocabulary size         64  32  SHA-256 of bytes 0..64 and of everything from 96 on
///  20   4  smoothing               96  32  zero
///  24   4  begin token or -1      128      for each order 13 numbers of 8 bytes: three discounts (float64), nodes, wide counts,
///  28   4  end token or -1                 and where its eight sections begin (0: absent)
/// </code>
/// The sections of an order, each beginning at a multiple of 8: last tokens (uint16 up to a vocabulary of 65,536, else uint32);
/// counts of one byte, 255 meaning that the count is listed among the wide ones; nodes (uint32, ascending) and values (uint32) of the
/// wide counts; where the children of each node begin (uint32, nodes + 1); denominators (uint32); log10 probabilities and
/// log10 back-off weights (float32).
/// </summary>
internal static class NGramFileLayout
{
    public const int Version = 1;
    public const int ChecksumOffset = 64;
    public const int ChecksumEnd = 96;
    public const int TableOffset = 128;
    public const int OrderLength = 13 * 8;
    public const int SectionCount = 8;
    public const byte Wide = 255;

    public static ReadOnlySpan<byte> Magic => "ASHNGRAM"u8;

    public static int WordBytes(int vocabularySize) => vocabularySize <= 65_536 ? 2 : 4;

    public static long Align(long offset) => (offset + 7) / 8 * 8;

    public static void WriteHeader(Span<byte> bytes, NGramHeader header, long fileLength)
    {
        Magic.CopyTo(bytes);
        int at = 8;
        foreach (int value in (ReadOnlySpan<int>)[Version, header.Order, header.VocabularySize, (int)header.Smoothing, header.BeginId, header.EndId])
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes[at..], value);
            at += 4;
        }

        BinaryPrimitives.WriteDoubleLittleEndian(bytes[32..], header.K);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], fileLength);
    }
}
