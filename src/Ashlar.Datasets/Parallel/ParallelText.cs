using System.Text.Json;
using Ashlar.Datasets.Text;

namespace Ashlar.Datasets.Parallel;

/// <summary>
/// Streams sentence pairs from two files, TSV or JSON lines; <c>.gz</c> and <c>.zst</c> are unpacked by their endings. A wrong line is one
/// sentence with its number. A pair with an empty side is kept: <see cref="ParallelFilter"/> drops it.
/// </summary>
public static class ParallelText
{
    /// <summary>Line n of one file is the translation of line n of the other.</summary>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    /// <exception cref="InvalidDataException">A line is not UTF-8, or one file is longer.</exception>
    public static IEnumerable<SentencePair> FromFiles(string sourcePath, string targetPath, TranslationDirection? direction = null)
    {
        using IEnumerator<string> sources = Utf8Lines.Strict(sourcePath).GetEnumerator();
        using IEnumerator<string> targets = Utf8Lines.Strict(targetPath).GetEnumerator();
        for (long number = 0; ; number++)
        {
            bool source = sources.MoveNext();
            bool target = targets.MoveNext();
            if (source != target)
                throw new InvalidDataException($"{(source ? targetPath : sourcePath)}: ends after line {number} but {(source ? sourcePath : targetPath)} goes on; expected as many lines in both.");
            if (!source)
                yield break;
            yield return new SentencePair(sources.Current, targets.Current, direction) { File = sourcePath, Line = number + 1 };
        }
    }

    /// <summary>Columns of a file divided by tabs; more columns may follow. Empty lines are passed over.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sourceColumn">Column of the source, from 0.</param>
    /// <param name="targetColumn">Column of the target, from 0.</param>
    /// <param name="direction">Languages, if the model serves several.</param>
    /// <exception cref="FileNotFoundException">The file is not there.</exception>
    /// <exception cref="InvalidDataException">A line is not UTF-8 or has too few columns.</exception>
    public static IEnumerable<SentencePair> FromTsv(string path, int sourceColumn = 0, int targetColumn = 1, TranslationDirection? direction = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sourceColumn);
        ArgumentOutOfRangeException.ThrowIfNegative(targetColumn);
        long number = 0;
        foreach (string line in Utf8Lines.Strict(path))
        {
            number++;
            if (line.Length == 0)
                continue;
            string[] columns = line.Split('\t');
            int needed = Math.Max(sourceColumn, targetColumn) + 1;
            if (columns.Length < needed)
                throw new InvalidDataException($"{path}: line {number} has {columns.Length} columns; expected at least {needed}, divided by tabs.");
            yield return new SentencePair(columns[sourceColumn], columns[targetColumn], direction) { File = path, Line = number };
        }
    }

    /// <summary>One JSON object a line. A key may lead inside, as in <c>translation.de</c>. Empty lines are passed over.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sourceKey">Key of the source.</param>
    /// <param name="targetKey">Key of the target.</param>
    /// <param name="direction">Languages, if the model serves several.</param>
    /// <exception cref="FileNotFoundException">The file is not there.</exception>
    /// <exception cref="InvalidDataException">A line is not UTF-8, not JSON or lacks a key.</exception>
    public static IEnumerable<SentencePair> FromJsonLines(string path, string sourceKey = "source", string targetKey = "target", TranslationDirection? direction = null)
    {
        int number = 0;
        foreach (string line in Utf8Lines.Strict(path))
        {
            number++;
            if (line.Length == 0)
                continue;
            using JsonDocument json = TextDocuments.Parse(path, number, line);
            yield return new SentencePair(Value(json, sourceKey), Value(json, targetKey), direction) { File = path, Line = number };
        }

        string Value(JsonDocument json, string key) =>
            Find(json.RootElement, key) ?? throw new InvalidDataException($"{path}: line {number} has no text \"{key}\"; expected {{\"{sourceKey}\": \"...\", \"{targetKey}\": \"...\"}}.");
    }

    private static string? Find(JsonElement element, string key)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return null;
        if (element.TryGetProperty(key, out JsonElement value))
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        int dot = key.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && element.TryGetProperty(key[..dot], out JsonElement inner) ? Find(inner, key[(dot + 1)..]) : null;
    }
}
