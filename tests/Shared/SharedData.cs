namespace Ashlar.Tests;

/// <summary>
/// Finds the optional measurement data (real vocabularies, weights and texts). The folder is named by the
/// environment variable <c>ASHLAR_DATA</c>; without it, <c>../shared/data</c> beside the repository is tried.
/// A test that needs a file which is not there is skipped with a message that says so.
/// </summary>
internal static class SharedData
{
    /// <summary>The repository root: the nearest parent of the test assembly that holds <c>global.json</c>.</summary>
    public static string RepositoryRoot { get; } = FindRepositoryRoot();

    private static string Root { get; } =
        Environment.GetEnvironmentVariable("ASHLAR_DATA") is { Length: > 0 } named
            ? named
            : Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", "data"));

    /// <summary>The path of a data file or folder, or a skipped test when it is not there.</summary>
    public static string Require(params string[] relative)
    {
        string path = Path.Combine([Root, .. relative]);
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Skip($"Measurement data '{Path.Combine(relative)}' is not here; set ASHLAR_DATA to the folder that holds it.");
        return path;
    }

    private static string FindRepositoryRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "global.json")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"No global.json above {AppContext.BaseDirectory}.");
    }
}
