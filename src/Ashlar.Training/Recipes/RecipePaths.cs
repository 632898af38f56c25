namespace Ashlar.Training.Recipes;

/// <summary>Turns the paths of a recipe into files.</summary>
public static class RecipePaths
{
    /// <summary>
    /// Expands <c>${ASHLAR_DATA}</c> (the environment variable, or <c>../shared/data</c> beside the folder that holds the
    /// recipe's <c>recipes/</c>), makes the path absolute against the recipe's folder, and lists a folder or glob in
    /// ordinal order.
    /// </summary>
    /// <exception cref="InvalidDataException">Nothing is there; the message names the key.</exception>
    public static IReadOnlyList<string> Expand(IEnumerable<string> paths, string recipeFolder, string key)
    {
        List<string> files = [];
        foreach (string path in paths)
        {
            string full = Resolve(path, recipeFolder);
            if (File.Exists(full))
            {
                files.Add(full);
                continue;
            }

            string[] found = Directory.Exists(full)
                ? Directory.GetFiles(full, "*", SearchOption.AllDirectories)
                : Glob(full);
            if (found.Length == 0)
                throw new InvalidDataException($"{key}: {path} names no file ({full} is not there); expected a file, a folder or a glob.");
            Array.Sort(found, StringComparer.Ordinal);
            files.AddRange(found);
        }

        return files;
    }

    /// <summary>One path, absolute.</summary>
    public static string Resolve(string path, string recipeFolder)
    {
        const string Variable = "${ASHLAR_DATA}";
        if (path.StartsWith(Variable, StringComparison.Ordinal))
        {
            string root = Environment.GetEnvironmentVariable("ASHLAR_DATA") is { Length: > 0 } named
                ? named
                : Path.Combine(recipeFolder, "..", "..", "shared", "data");
            path = root + path[Variable.Length..];
        }

        return Path.GetFullPath(path, Path.GetFullPath(recipeFolder));
    }

    private static string[] Glob(string full)
    {
        string? folder = Path.GetDirectoryName(full);
        string pattern = Path.GetFileName(full);
        return folder is not null && Directory.Exists(folder) && pattern.AsSpan().IndexOfAny('*', '?') >= 0
            ? Directory.GetFiles(folder, pattern)
            : [];
    }
}
