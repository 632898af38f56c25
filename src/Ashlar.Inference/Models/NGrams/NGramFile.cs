using System.Buffers.Binary;
using Ashlar.Shared;

namespace Ashlar.Inference.Models.NGrams;

/// <summary>A memory-mapped <c>model.ngram</c> (<see cref="NGramFileLayout"/>). Only pages that are read are loaded.</summary>
internal sealed unsafe class NGramFile : IDisposable
{
    private readonly MappedFile _file;

    private NGramFile(MappedFile file)
    {
        _file = file;
        (string path, long length) = (file.Path, file.Length);
        ReadOnlySpan<byte> head = new(file.Start, NGramFileLayout.TableOffset);
        if (!head.StartsWith(NGramFileLayout.Magic))
            throw new InvalidDataException($"{path}: not an n-gram model; it does not begin with ASHNGRAM.");
        int version = BinaryPrimitives.ReadInt32LittleEndian(head[8..]);
        if (version != NGramFileLayout.Version)
            throw new InvalidDataException($"{path}: n-gram model of version {version}; expected {NGramFileLayout.Version}.");
        int order = BinaryPrimitives.ReadInt32LittleEndian(head[12..]);
        long wanted = BinaryPrimitives.ReadInt64LittleEndian(head[40..]);
        if (order is < 1 or > NGramHeader.MaximumOrder)
            throw new InvalidDataException($"{path}: the order is {order}; expected from 1 to {NGramHeader.MaximumOrder}.");
        if (wanted != length || NGramFileLayout.TableOffset + (order * NGramFileLayout.OrderLength) > length)
            throw new InvalidDataException($"{path}: {length} bytes long where {wanted} were written; the file is truncated or damaged.");
        NGramSmoothing smoothing = (NGramSmoothing)BinaryPrimitives.ReadInt32LittleEndian(head[20..]);
        Header = new NGramHeader
        {
            Order = order,
            VocabularySize = BinaryPrimitives.ReadInt32LittleEndian(head[16..]),
            Smoothing = smoothing,
            BeginId = BinaryPrimitives.ReadInt32LittleEndian(head[24..]),
            EndId = BinaryPrimitives.ReadInt32LittleEndian(head[28..]),
            K = BinaryPrimitives.ReadDoubleLittleEndian(head[32..]),
            Discounts = Enum.IsDefined(smoothing) && smoothing.CountsContinuations() ? [.. Enumerable.Range(0, order).Select(Discounts)] : [],
        };
        try
        {
            Header.Validate();
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"{path}: {error.Message}", error);
        }

        Levels = [.. Enumerable.Range(0, order).Select(Level)];
    }

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <summary>Its size in bytes.</summary>
    public long Length => _file.Length;

    /// <summary>What the model is.</summary>
    public NGramHeader Header { get; }

    /// <summary>The tables, by order from 1.</summary>
    public NGramLevel[] Levels { get; }

    private byte* Start => _file.Start;

    /// <summary>Maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="verify">Also checks every byte against the checksum.</param>
    public static NGramFile Open(string path, bool verify) => MappedFile.Open(path, "an n-gram model", NGramFileLayout.TableOffset, mapped =>
    {
        NGramFile file = new(mapped);
        if (verify)
            file.Verify();
        return file;
    });

    /// <summary>Reads every byte and compares the checksum.</summary>
    /// <exception cref="InvalidDataException">The file has changed since it was written.</exception>
    public void Verify() => _file.Verify(NGramFileLayout.ChecksumOffset, NGramFileLayout.ChecksumEnd);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private ReadOnlySpan<byte> Entry(int index) =>
        new(Start + NGramFileLayout.TableOffset + (index * NGramFileLayout.OrderLength), NGramFileLayout.OrderLength);

    private double[] Discounts(int index)
    {
        ReadOnlySpan<byte> entry = Entry(index);
        return [BinaryPrimitives.ReadDoubleLittleEndian(entry), BinaryPrimitives.ReadDoubleLittleEndian(entry[8..]), BinaryPrimitives.ReadDoubleLittleEndian(entry[16..])];
    }

    private NGramLevel Level(int index)
    {
        ReadOnlySpan<byte> entry = Entry(index);
        long nodes = BinaryPrimitives.ReadInt64LittleEndian(entry[24..]);
        long wide = BinaryPrimitives.ReadInt64LittleEndian(entry[32..]);
        long next = index + 1 < Header.Order ? BinaryPrimitives.ReadInt64LittleEndian(Entry(index + 1)[24..]) : 0;
        bool counted = Header.Smoothing != NGramSmoothing.BackOff;
        bool lower = index + 1 < Header.Order;
        int wordBytes = NGramFileLayout.WordBytes(Header.VocabularySize);
        if (nodes is < 0 or > int.MaxValue || wide < 0 || wide > nodes || (index == 0 && nodes != Header.VocabularySize) || next is < 0 or > int.MaxValue)
            throw Damaged($"{nodes} n-grams with {wide} wide counts");
        long[] lengths = [nodes * wordBytes, nodes, wide * 4, wide * 4, (nodes + 1) * 4, nodes * 4, nodes * 4, nodes * 4];
        bool[] needed = [index > 0, counted, counted && wide > 0, counted && wide > 0, lower, false, !counted, !counted && lower];
        long[] sections = new long[NGramFileLayout.SectionCount];
        for (int i = 0; i < sections.Length; i++)
        {
            sections[i] = BinaryPrimitives.ReadInt64LittleEndian(entry[(40 + (i * 8))..]);
            if (sections[i] == 0 ? needed[i] && lengths[i] > 0 : sections[i] < 0 || sections[i] % 8 != 0 || sections[i] > Length - lengths[i])
                throw Damaged($"section {i} begins at {sections[i]}");
        }

        return new NGramLevel(Path, Start, sections, (uint)nodes, (int)wide, wordBytes, isRoot: index == 0) { NextNodes = (uint)next };

        InvalidDataException Damaged(string what) => new($"{Path}: order {index + 1}: {what}, in a file of {Length} bytes; the file is damaged.");
    }
}
