namespace Ashlar.Cli;

/// <summary>The recipes that travel with the command, so that it knows them by name wherever it is run.</summary>
internal static class ShippedRecipes
{
    /// <summary>Their folder.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "recipes");

    /// <summary>The file itself if it is there; else the shipped recipe of that name (<c>recipes/NAME.json</c> or <c>NAME</c>); else what was asked.</summary>
    public static string Find(string path)
    {
        if (File.Exists(path))
            return path;
        string? folder = Path.GetDirectoryName(path);
        string name = Path.GetFileName(path);
        string shipped = Path.Combine(Folder, name.EndsWith(".json", StringComparison.Ordinal) ? name : name + ".json");
        return folder is "" or "recipes" && File.Exists(shipped) ? shipped : path;
    }
}
