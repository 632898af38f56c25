using System.Text;
using Ashlar.Datasets.Parallel;
using Ashlar.Datasets.Text;
using Ashlar.Tests;

namespace Ashlar.Datasets.Tests;

public sealed class ParallelTextTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-parallel-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Two_files_are_read_line_by_line_and_only_LF_ends_a_line() =>
        Assert.Equal(
            [new("一\u2028a", "one"), new("b\rc", "two"), new("", "three")],
            ParallelText.FromFiles(Write("a.zh", "\uFEFF一\u2028a\r\nb\rc\n\n"), Write("a.en", "one\ntwo\nthree")));

    [Fact]
    public void Files_of_unequal_length_are_named() =>
        Assert.Contains("short.en: ends after line 1", Assert.Throws<InvalidDataException>(
            () => ParallelText.FromFiles(Write("long.de", "a\nb\n"), Write("short.en", "a\n")).Count()).Message);

    [Fact]
    public void Columns_and_keys_can_be_chosen()
    {
        string tsv = Write("a.tsv", "id\tHi\t嗨\n\nid\tBye\t再见\tmore\n");
        Assert.Equal([new("嗨", "Hi"), new("再见", "Bye")], ParallelText.FromTsv(tsv, sourceColumn: 2, targetColumn: 1));
        string json = Write("a.jsonl", """{"translation":{"de":"Hallo","en":"Hello"}}""" + "\n" + """{"translation":{"de":"ja","en":"yes"}}""");
        TranslationDirection direction = TranslationDirection.Parse("de-en");
        Assert.Equal(
            [new("Hallo", "Hello", direction), new("ja", "yes", direction)],
            ParallelText.FromJsonLines(json, "translation.de", "translation.en", direction));
        Assert.Equal([(tsv, 1L), (tsv, 3L), (json, 1L), (json, 2L)], ParallelText.FromTsv(tsv, 2, 1).Concat(ParallelText.FromJsonLines(json, "translation.de", "translation.en")).Select(pair => (pair.File!, pair.Line)));
        Assert.Equal(new SentencePair("Hallo", "Hello", direction).Reversed, new SentencePair("Hello", "Hallo", new("en", "de")));
    }

    [Fact]
    public void A_wrong_line_is_named()
    {
        string one = Write("one.tsv", "a\tb\nonly\n");
        Assert.Contains("line 2 has 1 columns", Assert.Throws<InvalidDataException>(() => ParallelText.FromTsv(one).Count()).Message);
        string json = Write("x.jsonl", """{"source":"a","target":3}""");
        Assert.Contains("line 1 has no text \"target\"", Assert.Throws<InvalidDataException>(() => ParallelText.FromJsonLines(json).Count()).Message);
        Assert.Contains("'nonsense'", Assert.Throws<InvalidDataException>(() => TranslationDirection.Parse("nonsense")).Message);
    }

    [Fact]
    public void Bad_lines_are_reported_and_reading_goes_on()
    {
        byte[] bytes = [.. "good\n"u8, .. "bad "u8, 0xC0, .. "\n"u8, .. new byte[200].Select(_ => (byte)'x'), .. "\n再见\n"u8, .. "end"u8];
        TextLine[] lines = [.. Utf8Lines.Read(new SlowStream(bytes), maximumBytes: 64)];
        Assert.Equal(
            [
                new(1, "good"), new(2, null, "is not UTF-8 at byte 4"), new(3, null, "has 200 bytes; expected at most 64"),
                new(4, "再见"), new(5, "end"),
            ],
            lines);
        Assert.Equal([new(1, new string('y', 64))], Utf8Lines.Read(new MemoryStream(Encoding.UTF8.GetBytes(new string('y', 64) + "\r\n")), 64));
        Assert.Empty(Utf8Lines.Read(new MemoryStream(), 64));
    }

    [Fact]
    public void The_german_and_the_chinese_corpus_are_whole()
    {
        string folder = SharedData.Require("multi30k-en-de", "raw");
        Assert.Equal(29_000, ParallelText.FromFiles(Path.Combine(folder, "train.de.gz"), Path.Combine(folder, "train.en.gz")).Count());
        Assert.Equal(24_388, ParallelText.FromTsv(SharedData.Require("tatoeba-cmn-eng", "train.en-zh.tsv.gz"), 1, 0).Count());
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }

    // Gives a few bytes at a time, so that lines and characters are cut anywhere.
    private sealed class SlowStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(3, buffer.Length)]);
    }
}
