using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Ashlar.Datasets.Text;

/// <summary>
/// Streams the lines of a file of any size at constant memory. A line ends at LF only (a CR before it goes too): a lone CR or
/// U+2028 inside a sentence must not shift one side of parallel text against the other. A line that is not UTF-8, or is longer
/// than asked, is reported and reading goes on.
/// </summary>
public static class Utf8Lines
{
    /// <summary>The limit on one line that <see cref="Read(Stream, int)"/> uses by default, in bytes.</summary>
    public const int DefaultMaximumBytes = 1 << 20;

    /// <summary>Opens a file, unpacking <c>.gz</c> and <c>.zst</c>, and reads its lines; the last line need not end.</summary>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    public static IEnumerable<TextLine> FromFile(string path, int maximumBytes = DefaultMaximumBytes)
    {
        using Stream stream = TextDocuments.Open(path);
        foreach (TextLine line in Read(stream, maximumBytes))
            yield return line;
    }

    /// <summary>Lines of a file, where a bad one ends the reading.</summary>
    /// <exception cref="FileNotFoundException">Nothing is there.</exception>
    /// <exception cref="InvalidDataException">A line is not UTF-8 or too long; the sentence names it.</exception>
    public static IEnumerable<string> Strict(string path, int maximumBytes = DefaultMaximumBytes)
    {
        foreach (TextLine line in FromFile(path, maximumBytes))
            yield return line.Text ?? throw new InvalidDataException($"{path}: line {line.Number} {line.Fault}.");
    }

    /// <summary>Reads lines from a stream as they arrive.</summary>
    /// <param name="stream">UTF-8 text, with or without a byte-order mark.</param>
    /// <param name="maximumBytes">A longer line is skipped and reported.</param>
    public static IEnumerable<TextLine> Read(Stream stream, int maximumBytes = DefaultMaximumBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumBytes);
        byte[] chunk = new byte[1 << 16];
        ArrayBufferWriter<byte> held = new();
        long skipped = 0;
        long number = 1;
        bool pending = false;
        int count;
        while ((count = stream.Read(chunk)) > 0)
        {
            for (int at = 0; at < count;)
            {
                int end = chunk.AsSpan(at, count - at).IndexOf((byte)'\n');
                int size = end < 0 ? count - at : end;
                if (skipped > 0 || held.WrittenCount + size > maximumBytes + 1)
                    skipped += size + (skipped == 0 ? held.WrittenCount : 0);
                else
                    held.Write(chunk.AsSpan(at, size));
                at += size;
                pending = true;
                if (end < 0)
                    break;
                at++;
                yield return Finish(held, number++, skipped, maximumBytes);
                held.ResetWrittenCount();
                (skipped, pending) = (0, false);
            }
        }

        if (pending)
            yield return Finish(held, number, skipped, maximumBytes);
    }

    private static TextLine Finish(ArrayBufferWriter<byte> held, long number, long skipped, int maximumBytes)
    {
        ReadOnlySpan<byte> bytes = held.WrittenSpan;
        if (bytes.EndsWith("\r"u8))
            bytes = bytes[..^1];
        if (number == 1 && bytes.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        if (skipped > 0 || bytes.Length > maximumBytes)
            return new TextLine(number, null, $"has {Math.Max(skipped, bytes.Length)} bytes; expected at most {maximumBytes}");
        if (Utf8.IsValid(bytes))
            return new TextLine(number, Encoding.UTF8.GetString(bytes));
        int at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out int length) == OperationStatus.Done)
            at += length;
        return new TextLine(number, null, $"is not UTF-8 at byte {at}");
    }
}
