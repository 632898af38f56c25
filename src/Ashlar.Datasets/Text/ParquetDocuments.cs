using System.Text;
using Parquet;
using Parquet.Schema;

namespace Ashlar.Datasets.Text;

/// <summary>Streams documents from a text column of Parquet files, one row group in memory at a time.</summary>
public static class ParquetDocuments
{
    /// <summary>The texts of a column; null entries are passed over.</summary>
    /// <param name="paths">Parquet files.</param>
    /// <param name="column">Name of a column of text; dots lead into a structure.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is not Parquet, is damaged, or has no such column of text.</exception>
    public static IEnumerable<string> FromFiles(IEnumerable<string> paths, string column = "text")
    {
        foreach (string path in paths)
        {
            if (!File.Exists(path))
                throw new FileNotFoundException($"{path}: no such file; expected Parquet.", path);
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            ParquetReader reader = Wait(path, ParquetReader.CreateAsync(file));
            try
            {
                DataField field = Find(path, reader.Schema, column);
                for (int group = 0; group < reader.RowGroupCount; group++)
                {
                    foreach (string? text in Wait(path, ReadGroup(reader, group, field)))
                    {
                        if (text is not null)
                            yield return text;
                    }
                }
            }
            finally
            {
                reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }
        }
    }

    private static DataField Find(string path, ParquetSchema schema, string column)
    {
        DataField[] fields = schema.GetDataFields();
        DataField? field = Array.Find(fields, field => string.Join('.', field.Path.ToList()) == column)
            ?? throw new InvalidDataException($"{path}: there is no column {column}; the columns are {string.Join(", ", fields.Select(other => other.Name))}.");
        return IsText(field) || IsBytes(field)
            ? field
            : throw new InvalidDataException($"{path}: column {column} holds {field.ClrType.Name}; expected text.");
    }

    private static bool IsText(DataField field) => field.ClrType == typeof(string) || field.ClrType == typeof(ReadOnlyMemory<char>);

    // Older writers do not mark text as text.
    private static bool IsBytes(DataField field) => field.ClrType == typeof(byte[]) || field.ClrType == typeof(ReadOnlyMemory<byte>);

    private static async Task<string?[]> ReadGroup(ParquetReader reader, int group, DataField field)
    {
        using ParquetRowGroupReader rows = reader.OpenRowGroupReader(group);
        int count = checked((int)rows.RowCount);
        if (IsText(field))
        {
            string?[] texts = new string?[count];
            await rows.ReadAsync(field, texts.AsMemory()).ConfigureAwait(false);
            return texts;
        }

        byte[]?[] bytes = new byte[]?[count];
        await rows.ReadAsync(field, bytes.AsMemory()).ConfigureAwait(false);
        return [.. bytes.Select(text => text is null ? null : Encoding.UTF8.GetString(text))];
    }

    // The reader raises many kinds of exceptions on a damaged file.
    private static T Wait<T>(string path, Task<T> task)
    {
        try
        {
            return task.GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new InvalidDataException($"{path}: not a readable Parquet file ({error.Message.ReplaceLineEndings(" ").TrimEnd('.')}).", error);
        }
    }
}
