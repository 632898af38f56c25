namespace Ashlar.Training.Recipes;

/// <summary>What one direction holds for in a list of parallel data: a file of both sides, or two files of one side each.</summary>
/// <param name="Format"><c>parallel-text</c>, <c>parallel-tsv</c> or <c>parallel-jsonl</c>.</param>
/// <param name="Source">The file of both sides, or of the sources.</param>
/// <param name="Target">The file of the targets; null where there is none, which for <c>parallel-text</c> is a mistake.</param>
internal sealed record ParallelCorpus(DataFormat Format, string Source, string? Target)
{
    /// <summary>The corpora of a list, in order.</summary>
    /// <param name="format">The recipe's format.</param>
    /// <param name="paths">The list's entries, as they are written.</param>
    public static IReadOnlyList<ParallelCorpus> Of(DataFormat format, IReadOnlyList<string> paths)
    {
        List<ParallelCorpus> corpora = [];
        for (int i = 0; i < paths.Count; i++)
        {
            DataFormat kind = Kind(paths[i]);
            bool two = kind == DataFormat.ParallelText && i + 1 < paths.Count && Kind(paths[i + 1]) == kind;
            corpora.Add(new ParallelCorpus(kind, paths[i], two ? paths[++i] : null));
        }

        return corpora;

        DataFormat Kind(string path) => format != DataFormat.Parallel ? format : Ending(path) switch
        {
            ".tsv" => DataFormat.ParallelTsv,
            ".jsonl" or ".json" => DataFormat.ParallelJsonl,
            _ => DataFormat.ParallelText,
        };
    }

    private static string Ending(string path)
    {
        string ending = Path.GetExtension(path).ToLowerInvariant();
        return ending is ".gz" or ".zst" ? Path.GetExtension(path[..^ending.Length]).ToLowerInvariant() : ending;
    }
}
