using System.IO.Compression;
using System.Text;
using Ashlar.Datasets.Text;
using Ashlar.Tests;
using ZstdSharp;

namespace Ashlar.Datasets.Tests;

public sealed class DocumentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-datasets-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Text_lines_and_json_lines_are_read_also_gzipped()
    {
        string path = Path.Combine(_folder, "a.jsonl.gz");
        using (GZipStream gzip = new(File.Create(path), CompressionLevel.Fastest))
            gzip.Write("{\"text\":\"one 一\"}\n\n{\"text\":\"two\"}\n"u8);
        Assert.Equal(["one 一", "two"], TextDocuments.FromJsonLines([path]));
        Assert.Equal(["first", "second"], TextDocuments.FromLines([Write("b.txt", "first\n\nsecond\n")]));
        Assert.Equal(["whole\ntext"], TextDocuments.FromFiles([Write("c.txt", "\uFEFFwhole\ntext")]));
    }

    [Fact]
    public void Zstandard_is_unpacked_as_it_is_read_and_damage_is_named()
    {
        string[] lines = [.. Enumerable.Range(0, 20_000).Select(i => $"line {i} 行 {i * 7919 % 10_007}")];
        string path = Path.Combine(_folder, "a.txt.zst");
        using (CompressionStream pack = new(File.Create(path), leaveOpen: false))
        {
            pack.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1); // as the zstd command does
            pack.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        }

        Assert.Equal(lines, TextDocuments.FromLines([path]));
        Assert.Equal(lines, Utf8Lines.Strict(path));
        Assert.Equal(string.Join('\n', lines), Assert.Single(TextDocuments.FromFiles([path])));

        byte[] whole = File.ReadAllBytes(path);
        Assert.True(whole.Length > 10_000);
        string damaged = Path.Combine(_folder, "damaged.txt.zst");
        foreach (byte[] bytes in (byte[][])[whole[..(whole.Length / 2)], [1, 2, 3, 4, 5, 6, 7, 8], [.. whole[..100], .. new byte[500], .. whole[600..]]])
        {
            File.WriteAllBytes(damaged, bytes);
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => TextDocuments.FromLines([damaged]).Count());
            Assert.StartsWith($"{damaged}: the Zstandard data is damaged or cut short", error.Message);
        }

        string gzip = Path.Combine(_folder, "damaged.txt.gz");
        File.WriteAllText(gzip, "no gzip at all");
        Assert.StartsWith($"{gzip}: the gzip data is damaged", Assert.Throws<InvalidDataException>(() => TextDocuments.FromFiles([gzip]).Count()).Message);
    }

    [Theory]
    [InlineData("imdb-unsup", "unsup.txt.zst")]
    [InlineData("chinese-poetry", "song-sample.jsonl.zst")]
    public void Published_corpora_in_Zstandard_are_read(string folder, string file)
    {
        string path = SharedData.Require(folder, file);
        Assert.Equal(1000, TextDocuments.FromLines([path]).Take(1000).Count());
    }

    [Fact]
    public void What_is_not_utf8_is_named_with_its_byte()
    {
        string path = Path.Combine(_folder, "bad.txt");
        File.WriteAllBytes(path, [.. "good "u8, 0xFF, .. " bad"u8]);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => TextDocuments.FromFiles([path]).ToList());
        Assert.Contains("byte 5", error.Message);
        Assert.Contains(path, error.Message);
    }

    [Theory]
    [InlineData("{\"text\":1}", "line 2 has no \"text\"")]
    [InlineData("nonsense", "line 2 is not JSON")]
    public void A_bad_json_line_is_named(string line, string words) =>
        Assert.Contains(words, Assert.Throws<InvalidDataException>(() => TextDocuments.FromJsonLines([Write("x.jsonl", "{\"text\":\"a\"}\n" + line)]).ToList()).Message);

    [Theory]
    [InlineData("{\"messages\":[]}", "has no \"messages\"")]
    [InlineData("{\"messages\":[{\"role\":\"user\"}]}", "message 1 needs")]
    [InlineData("{\"messages\":[{\"role\":\"robot\",\"content\":\"\"}]}", "role 'robot'")]
    public void A_bad_conversation_is_named(string line, string words) =>
        Assert.Contains(words, Assert.Throws<InvalidDataException>(() => ChatDocuments.FromFiles([Write("x.jsonl", line)]).ToList()).Message);

    [Fact]
    public void Conversations_keep_their_messages() =>
        Assert.Equal(
            [new("user", "Hi"), new("assistant", "你好")],
            Assert.Single(ChatDocuments.FromFiles([Write("y.jsonl", """{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"你好"}]}""")])));

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("nowhere.txt", Assert.Throws<FileNotFoundException>(() => TextDocuments.FromFiles(["nowhere.txt"]).ToList()).Message);

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text, new UTF8Encoding(false));
        return path;
    }
}
