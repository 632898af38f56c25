using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Ashlar.Shared;

namespace Ashlar.Datasets.Shards;

/// <summary>
/// Streams tokenised documents into the shards of a folder: one document at a time is in memory, and a document is never divided
/// between shards. The list <c>shards.json</c> is written last, so that a folder which was cut off is not mistaken for a whole one.
/// </summary>
public static class TokenShardWriter
{
    internal const string ListName = "shards.json";

    /// <summary>Writes the shards and their list; shards of an earlier writing are removed.</summary>
    /// <param name="folder">Made if it is not there.</param>
    /// <param name="documents">Token ids of each document, read once; empty documents are left out.</param>
    /// <param name="vocabularySize">Every id is below it; 65,536 or fewer take two bytes a token, more take four.</param>
    /// <param name="fingerprint">Identifies the tokenizer: at most 32 bytes, by which a reader recognises shards of another one.</param>
    /// <param name="largestShard">Tokens after which a new shard begins, at the end of a document.</param>
    /// <exception cref="ArgumentException">An id is outside the vocabulary.</exception>
    public static void Write(string folder, IEnumerable<int[]> documents, int vocabularySize, ReadOnlySpan<byte> fingerprint, long largestShard = 100_000_000)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(largestShard);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fingerprint.Length, TokenShard.FingerprintLength);
        byte[] identity = new byte[TokenShard.FingerprintLength];
        fingerprint.CopyTo(identity);

        Directory.CreateDirectory(folder);
        string list = Path.Combine(folder, ListName);
        File.Delete(list);
        foreach (string old in Directory.GetFiles(folder, "tokens-*.shard"))
            File.Delete(old);

        List<string> names = [];
        using (IEnumerator<int[]> source = documents.Where(document => document.Length > 0).GetEnumerator())
        {
            bool more = source.MoveNext();
            while (more || names.Count == 0)
            {
                string name = $"tokens-{names.Count:D5}.shard";
                AtomicFile.Write(Path.Combine(folder, name), stream => more = WriteShard(stream, source, more, vocabularySize, identity, largestShard));
                names.Add(name);
            }
        }

        AtomicFile.WriteText(list, JsonSerializer.Serialize(new { version = TokenShard.Version, shards = names }));
    }

    // Returns whether the source holds more documents.
    private static bool WriteShard(FileStream stream, IEnumerator<int[]> source, bool more, int vocabularySize, byte[] fingerprint, long largestShard)
    {
        int bytesPerToken = TokenShard.BytesFor(vocabularySize);
        stream.Position = TokenShard.HeaderLength;
        List<ulong> ends = [];
        long tokens = 0;
        byte[] buffer = [];
        for (; more && tokens < largestShard; more = source.MoveNext())
        {
            int[] document = source.Current;
            if (document.AsSpan().ContainsAnyExceptInRange(0, vocabularySize - 1))
                throw new ArgumentException($"Document {ends.Count} holds an id outside the vocabulary of {vocabularySize}.", nameof(source));
            if (buffer.Length < document.Length * bytesPerToken)
                buffer = new byte[document.Length * bytesPerToken];
            Span<byte> bytes = buffer.AsSpan(0, document.Length * bytesPerToken);
            Pack(document, bytes);
            stream.Write(bytes);
            tokens += document.Length;
            ends.Add((ulong)tokens);
        }

        stream.Write(new byte[TokenShard.DocumentsOffset(tokens, bytesPerToken) - stream.Position]);
        stream.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(ends)));
        WriteHeader(stream, bytesPerToken, vocabularySize, tokens, ends.Count, fingerprint);
        return more;
    }

    private static void Pack(ReadOnlySpan<int> document, Span<byte> bytes)
    {
        if (bytes.Length == document.Length * sizeof(int))
        {
            MemoryMarshal.AsBytes(document).CopyTo(bytes);
            return;
        }

        Span<ushort> packed = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (int i = 0; i < document.Length; i++)
            packed[i] = (ushort)document[i];
    }

    private static void WriteHeader(FileStream stream, int bytesPerToken, int vocabularySize, long tokens, long documents, ReadOnlySpan<byte> fingerprint)
    {
        byte[] header = new byte[TokenShard.HeaderLength];
        TokenShard.Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), TokenShard.Version);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), bytesPerToken);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), vocabularySize);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), tokens);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(32), documents);
        fingerprint.CopyTo(header.AsSpan(40));

        // The file is read back for the checksum: documents are then hashed as they really lie on the disk.
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header.AsSpan(0, TokenShard.ChecksumOffset));
        stream.Position = TokenShard.HeaderLength;
        byte[] piece = new byte[1 << 20];
        for (int read; (read = stream.Read(piece)) > 0;)
            hash.AppendData(piece.AsSpan(0, read));
        hash.GetHashAndReset().CopyTo(header.AsSpan(TokenShard.ChecksumOffset));
        stream.Position = 0;
        stream.Write(header);
    }
}
