namespace Ashlar.Benchmarks;

/// <summary>Options of a benchmark: <c>--name value</c>.</summary>
internal sealed class BenchmarkArguments
{
    private readonly Dictionary<string, string> _values = [];

    public static BenchmarkArguments Parse(string[] args)
    {
        BenchmarkArguments arguments = new();
        for (int i = 0; i < args.Length; i += 2)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == args.Length)
                throw new InvalidDataException($"'{args[i]}' is not an option with a value; expected --name value.");
            arguments._values[args[i][2..]] = args[i + 1];
        }

        return arguments;
    }

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public int Integer(string name, int otherwise) => !_values.TryGetValue(name, out string? text) ? otherwise
        : int.TryParse(text, out int value) ? value
        : throw new InvalidDataException($"--{name} is '{text}'; expected a whole number.");

    /// <summary>The folder of the optional measurement data: <c>--data</c>, else <c>ASHLAR_DATA</c>, else beside the repository.</summary>
    public string Data => Text("data")
        ?? Environment.GetEnvironmentVariable("ASHLAR_DATA")
        ?? Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", "data"));

    public static string RepositoryRoot
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "global.json")))
                    return folder.FullName;
            }

            throw new DirectoryNotFoundException($"No global.json above {AppContext.BaseDirectory}.");
        }
    }
}
