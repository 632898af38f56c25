using System.Security.Cryptography;
using System.Text;

namespace Ashlar.Datasets;

/// <summary>
/// Holds out whole documents by a hash of their content: the same documents whatever the order, the number of files or of
/// shards, and equal documents always fall on the same side.
/// </summary>
public static class DocumentSplit
{
    /// <summary>Whether a document belongs to the validation set.</summary>
    /// <param name="document">Its text.</param>
    /// <param name="fraction">Share of documents to hold out, 0 to 1.</param>
    public static bool IsValidation(string document, double fraction)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.UTF8.GetBytes(document), hash);
        double place = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(hash) / (double)ulong.MaxValue;
        return place < fraction;
    }
}
