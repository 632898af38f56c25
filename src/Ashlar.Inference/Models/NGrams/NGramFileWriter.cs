using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Ashlar.Shared;

namespace Ashlar.Inference.Models.NGrams;

/// <summary>Writes <c>model.ngram</c> (<see cref="NGramFileLayout"/>), whole or not at all.</summary>
public static class NGramFileWriter
{
    /// <summary>Writes a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="header">What it is.</param>
    /// <param name="tables">One table for each order, from 1.</param>
    /// <exception cref="InvalidDataException">The header is impossible, or the tables do not fit it.</exception>
    public static void Write(string path, NGramHeader header, IReadOnlyList<NGramTable> tables)
    {
        header.Validate();
        Check(header, tables);
        byte[] head = new byte[NGramFileLayout.TableOffset + (header.Order * NGramFileLayout.OrderLength)];
        List<(long Offset, Action<Stream> Write)> sections = [];
        long end = head.Length;
        for (int order = 1; order <= header.Order; order++)
            Plan(header, order, tables[order - 1], head, sections, ref end);
        NGramFileLayout.WriteHeader(head, header, end);
        AtomicFile.Write(path, stream =>
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(head, 0, NGramFileLayout.ChecksumOffset);
            hash.AppendData(head, NGramFileLayout.ChecksumEnd, head.Length - NGramFileLayout.ChecksumEnd);
            stream.Write(head);
            using HashingStream hashing = new(stream, hash);
            foreach ((long offset, Action<Stream> write) in sections)
            {
                Pad(hashing, offset - stream.Position);
                write(hashing);
            }

            Pad(hashing, end - stream.Position);
            stream.Position = NGramFileLayout.ChecksumOffset;
            stream.Write(hash.GetHashAndReset());
        });
    }

    private static void Pad(Stream stream, long count)
    {
        Span<byte> zeros = stackalloc byte[8];
        zeros.Clear();
        stream.Write(zeros[..(int)count]);
    }

    private static void Plan(
        NGramHeader header, int order, NGramTable table, byte[] head, List<(long Offset, Action<Stream> Write)> sections, ref long end)
    {
        Span<byte> entry = head.AsSpan(NGramFileLayout.TableOffset + ((order - 1) * NGramFileLayout.OrderLength), NGramFileLayout.OrderLength);
        for (int i = 0; i < 3 && header.Discounts.Count > 0; i++)
            BinaryPrimitives.WriteDoubleLittleEndian(entry[(i * 8)..], header.Discounts[order - 1][i]);
        uint[] wide = [.. Enumerable.Range(0, table.Counts.Length).Where(i => table.Counts[i] >= NGramFileLayout.Wide).Select(i => (uint)i)];
        BinaryPrimitives.WriteInt64LittleEndian(entry[24..], table.Count);
        BinaryPrimitives.WriteInt64LittleEndian(entry[32..], wide.Length);
        int wordBytes = NGramFileLayout.WordBytes(header.VocabularySize);
        (long Length, Action<Stream> Write)[] parts =
        [
            ((long)table.Words.Length * wordBytes, stream => Words(stream, table.Words, wordBytes)),
            (table.Counts.Length, stream => Bytes(stream, table.Counts)),
            Part(wide),
            Part(Array.ConvertAll(wide, node => table.Counts[node])),
            Part(table.Starts),
            Part(table.Denominators),
            Part(table.Probabilities),
            Part(table.Backoffs),
        ];
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i].Length == 0)
                continue;
            long offset = NGramFileLayout.Align(end);
            BinaryPrimitives.WriteInt64LittleEndian(entry[(40 + (i * 8))..], offset);
            sections.Add((offset, parts[i].Write));
            end = offset + parts[i].Length;
        }

        end = NGramFileLayout.Align(end);

        static (long, Action<Stream>) Part<T>(T[] values)
            where T : unmanaged => ((long)values.Length * 4, stream => Numbers(stream, values));
    }

    private static void Numbers<T>(Stream stream, T[] values)
        where T : unmanaged
    {
        const int Piece = 1 << 18; // a span of bytes ends at 2 GiB
        for (int at = 0; at < values.Length; at += Piece)
            stream.Write(MemoryMarshal.AsBytes(values.AsSpan(at, Math.Min(Piece, values.Length - at))));
    }

    private static void Words(Stream stream, int[] words, int wordBytes)
    {
        if (wordBytes == 4)
        {
            Numbers(stream, words);
            return;
        }

        ushort[] piece = new ushort[1 << 16];
        for (int at = 0; at < words.Length; at += piece.Length)
        {
            int count = Math.Min(piece.Length, words.Length - at);
            for (int i = 0; i < count; i++)
                piece[i] = (ushort)words[at + i];
            stream.Write(MemoryMarshal.AsBytes(piece.AsSpan(0, count)));
        }
    }

    private static void Bytes(Stream stream, uint[] counts)
    {
        byte[] piece = new byte[1 << 16];
        for (int at = 0; at < counts.Length; at += piece.Length)
        {
            int count = Math.Min(piece.Length, counts.Length - at);
            for (int i = 0; i < count; i++)
                piece[i] = (byte)Math.Min(counts[at + i], NGramFileLayout.Wide);
            stream.Write(piece, 0, count);
        }
    }

    private static void Check(NGramHeader header, IReadOnlyList<NGramTable> tables)
    {
        bool fits = tables.Count == header.Order && tables[0].Count == header.VocabularySize;
        for (int i = 0; i < tables.Count && fits; i++)
        {
            NGramTable table = tables[i];
            fits = table.Words.Length == (i == 0 ? 0 : table.Count)
                && table.Starts.Length == (i == tables.Count - 1 ? 0 : table.Count + 1)
                && (table.Starts.Length == 0 || table.Starts[^1] == tables[i + 1].Count)
                && (header.Smoothing == NGramSmoothing.BackOff ? table.Counts : (Array)table.Probabilities).Length == 0;
        }

        if (!fits)
            throw new InvalidDataException("n-gram model: the tables do not fit together.");
    }

    /// <summary>Passes bytes on and hashes them on the way.</summary>
    private sealed class HashingStream(Stream target, IncrementalHash hash) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => target.Length;

        public override long Position { get => target.Position; set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            hash.AppendData(buffer);
            target.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush() => target.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
