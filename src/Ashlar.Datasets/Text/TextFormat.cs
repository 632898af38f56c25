namespace Ashlar.Datasets.Text;

/// <summary>How documents lie in files.</summary>
public enum TextFormat
{
    /// <summary>Each file is one document.</summary>
    Text,

    /// <summary>Each line is one document.</summary>
    TextLines,

    /// <summary>JSON lines with a <c>text</c> key.</summary>
    Jsonl,

    /// <summary>A text column of Parquet files.</summary>
    Parquet,
}

/// <summary>Reads documents of any format as a stream.</summary>
public static class TextFormats
{
    /// <summary>The documents of some files, in order; one at a time is in memory (of Parquet, one row group).</summary>
    /// <param name="format">How they lie in the files.</param>
    /// <param name="paths">The files.</param>
    /// <param name="column">Parquet's column of text.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is not what the format says.</exception>
    public static IEnumerable<string> Read(this TextFormat format, IEnumerable<string> paths, string column = "text") => format switch
    {
        TextFormat.TextLines => TextDocuments.FromLines(paths),
        TextFormat.Jsonl => TextDocuments.FromJsonLines(paths),
        TextFormat.Parquet => ParquetDocuments.FromFiles(paths, column),
        _ => TextDocuments.FromFiles(paths),
    };
}
