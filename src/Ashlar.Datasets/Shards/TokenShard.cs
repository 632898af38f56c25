using System.Buffers.Binary;
using Ashlar.Shared;

namespace Ashlar.Datasets.Shards;

/// <summary>
/// A memory-mapped file of tokenised documents, written by <see cref="TokenShardWriter"/>. All numbers are little-endian:
/// <code>
/// 0    8  magic "ASHSHARD"          32   8  documents
/// 8    4  version, 1                40  32  fingerprint of the tokenizer
/// 12   4  bytes a token, 2 or 4     72  32  SHA-256 of bytes 0..72 and of everything after the header
/// 16   8  vocabulary size          104  24  zero
/// 24   8  tokens                   128      tokens, zeros to a multiple of 8, then one uint64 a document: where it ends, in tokens
/// </code>
/// Opening checks the sizes and the document ends, <see cref="Verify"/> every byte. Only pages that are read are loaded.
/// </summary>
public sealed unsafe class TokenShard : IDisposable
{
    internal const int HeaderLength = 128;
    internal const int ChecksumOffset = 72;
    internal const int FingerprintLength = 32;
    internal const int Version = 1;

    private readonly MappedFile _file;
    private readonly byte[] _fingerprint;

    private TokenShard(MappedFile file)
    {
        _file = file;
        (string path, long length) = (file.Path, file.Length);
        ReadOnlySpan<byte> header = new(file.Start, HeaderLength);
        if (!header.StartsWith(Magic))
            throw new InvalidDataException($"{path}: not a token shard; it does not begin with ASHSHARD.");
        int version = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (version != Version)
            throw new InvalidDataException($"{path}: token shard of version {version}; expected {Version}.");
        int bytesPerToken = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        long vocabulary = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        long tokens = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
        long documents = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
        if (vocabulary is <= 0 or > int.MaxValue || bytesPerToken != BytesFor((int)vocabulary))
            throw new InvalidDataException($"{path}: {bytesPerToken} bytes a token for a vocabulary of {vocabulary}; expected 2 up to 65,536 and 4 above.");
        if (tokens < 0 || documents is < 0 or > int.MaxValue || tokens > length || FileLength(tokens, documents, bytesPerToken) != length)
            throw new InvalidDataException($"{path}: {length} bytes long, which {tokens} tokens and {documents} documents do not take; the shard is truncated or damaged.");
        (VocabularySize, BytesPerToken, TokenCount, DocumentCount) = ((int)vocabulary, bytesPerToken, tokens, (int)documents);
        _fingerprint = header.Slice(40, FingerprintLength).ToArray();
        CheckDocuments();
    }

    internal static ReadOnlySpan<byte> Magic => "ASHSHARD"u8;

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <summary>Ids are below this.</summary>
    public int VocabularySize { get; }

    /// <summary>2 for a vocabulary of up to 65,536, else 4.</summary>
    public int BytesPerToken { get; }

    /// <summary>Tokens of all documents.</summary>
    public long TokenCount { get; }

    /// <summary>Number of documents.</summary>
    public int DocumentCount { get; }

    /// <summary>Identifies the tokenizer the ids come from, 32 bytes.</summary>
    public ReadOnlySpan<byte> Fingerprint => _fingerprint;

    private ulong* DocumentEnds => (ulong*)(_file.Start + DocumentsOffset(TokenCount, BytesPerToken));

    /// <summary>Maps a shard.</summary>
    /// <param name="path">The file.</param>
    /// <param name="verify">Also checks every byte against the checksum.</param>
    /// <exception cref="FileNotFoundException">No such file.</exception>
    /// <exception cref="InvalidDataException">Not a shard, or a damaged one; the sentence says how.</exception>
    public static TokenShard Open(string path, bool verify = false) => MappedFile.Open(path, "a token shard", HeaderLength, file =>
    {
        TokenShard shard = new(file);
        if (verify)
            shard.Verify();
        return shard;
    });

    /// <summary>Where a document lies, in tokens of this shard.</summary>
    public (long Start, long Length) Document(int index)
    {
        _ = _file.Start; // open
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, DocumentCount);
        long start = index == 0 ? 0 : (long)DocumentEnds[index - 1];
        return (start, (long)DocumentEnds[index] - start);
    }

    /// <summary>Copies the tokens from <paramref name="start"/> on.</summary>
    public void CopyTo(long start, Span<int> destination)
    {
        byte* first = _file.Start;
        if (start < 0 || start > TokenCount - destination.Length)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"{destination.Length} tokens from there do not lie within {TokenCount}.");
        byte* at = first + HeaderLength + start * BytesPerToken;
        if (BytesPerToken == 4)
        {
            new ReadOnlySpan<int>(at, destination.Length).CopyTo(destination);
            return;
        }

        ReadOnlySpan<ushort> tokens = new(at, destination.Length);
        for (int i = 0; i < tokens.Length; i++)
            destination[i] = tokens[i];
    }

    /// <summary>Reads every byte and compares the checksum.</summary>
    /// <exception cref="InvalidDataException">The file has changed since it was written.</exception>
    public void Verify() => _file.Verify(ChecksumOffset, HeaderLength);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    internal static int BytesFor(int vocabularySize) => vocabularySize <= 65_536 ? 2 : 4;

    internal static long DocumentsOffset(long tokens, int bytesPerToken) => HeaderLength + (tokens * bytesPerToken + 7) / 8 * 8;

    private static long FileLength(long tokens, long documents, int bytesPerToken) =>
        DocumentsOffset(tokens, bytesPerToken) + documents * sizeof(ulong);

    // A document that ended beyond the tokens would be read from whatever lies there.
    private void CheckDocuments()
    {
        ulong previous = 0;
        for (int i = 0; i < DocumentCount; i++)
        {
            ulong end = DocumentEnds[i];
            if (end < previous || end > (ulong)TokenCount)
                throw new InvalidDataException($"{Path}: document {i} ends at token {end}, between {previous} and {TokenCount} was expected; the shard is damaged.");
            previous = end;
        }

        if (previous != (ulong)TokenCount)
            throw new InvalidDataException($"{Path}: the documents end at token {previous} of {TokenCount}; the shard is damaged.");
    }
}
