using System.Text;
using Ashlar.Datasets.Text;
using Parquet;
using Parquet.Schema;

namespace Ashlar.Datasets.Tests;

public sealed class ParquetDocumentTests : IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("ashlar-parquet-").FullName, "data.parquet");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    [Fact]
    public async Task Texts_of_every_row_group_are_read_in_order_and_nulls_are_passed_over()
    {
        await Write([["one", null, "二つ 🙂"], ["", "three"]]);
        Assert.Equal(["one", "二つ 🙂", "", "three"], ParquetDocuments.FromFiles([_path]));
        Assert.Equal(["one", "二つ 🙂"], ParquetDocuments.FromFiles([_path]).Take(2)); // and the reading may stop early
        Assert.Equal(["one", "二つ 🙂", "", "three"], TextFormat.Parquet.Read([_path]));
    }

    [Fact]
    public async Task Bytes_are_read_as_utf8()
    {
        DataField field = new("body", typeof(byte[]));
        await using (FileStream file = File.Create(_path))
        await using (ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(field), file, cancellationToken: TestContext.Current.CancellationToken))
        using (ParquetRowGroupWriter group = writer.CreateRowGroup())
            await group.WriteAsync(field, new[] { Encoding.UTF8.GetBytes("été") });
        Assert.Equal(["été"], ParquetDocuments.FromFiles([_path], "body"));
    }

    [Fact]
    public async Task A_wrong_column_or_file_is_one_sentence()
    {
        await Write([["one"]]);
        Assert.Contains("there is no column body; the columns are text, number", Message(() => ParquetDocuments.FromFiles([_path], "body").Count()));
        Assert.Contains("column number holds Int32; expected text", Message(() => ParquetDocuments.FromFiles([_path], "number").Count()));
        byte[] whole = File.ReadAllBytes(_path);
        File.WriteAllBytes(_path, whole[..(whole.Length / 2)]);
        Assert.Contains("not a readable Parquet file", Message(() => ParquetDocuments.FromFiles([_path]).Count()));
        File.WriteAllText(_path, "this is plain text, and long enough to be looked at");
        Assert.Contains("not a readable Parquet file", Message(() => ParquetDocuments.FromFiles([_path]).Count()));
        Assert.Throws<FileNotFoundException>(() => ParquetDocuments.FromFiles([_path + "x"]).Count());

        string Message(Action read)
        {
            string message = Assert.Throws<InvalidDataException>(read).Message;
            Assert.StartsWith(_path, message);
            Assert.DoesNotContain("\n", message);
            return message;
        }
    }

    private async Task Write(string?[][] groups)
    {
        DataField text = new("text", typeof(string)), number = new("number", typeof(int), isNullable: false);
        await using FileStream file = File.Create(_path);
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(text, number), file, cancellationToken: TestContext.Current.CancellationToken);
        foreach (string?[] texts in groups)
        {
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            await group.WriteAsync(text, texts!);
            await group.WriteAsync<int>(number, Enumerable.Range(0, texts.Length).ToArray());
        }
    }
}
