using System.CommandLine;

namespace Ashlar.Cli;

/// <summary>Checks where results are to go before anything is computed.</summary>
internal static class OutputPaths
{
    /// <param name="parsed">The command line.</param>
    /// <param name="input">The option of the file that is read.</param>
    /// <param name="outputs">The options of the files that are written.</param>
    /// <exception cref="InvalidDataException">One is a folder, or two are the same file.</exception>
    public static void Check(ParseResult parsed, Option<string?> input, params ReadOnlySpan<Option<string?>> outputs)
    {
        Dictionary<string, string> names = [];
        if (parsed.GetValue(input) is { } read)
            names[Path.GetFullPath(read)] = input.Name;
        foreach (Option<string?> option in outputs)
        {
            if (parsed.GetValue(option) is not { } path)
                continue;
            if (Directory.Exists(path))
                throw new InvalidDataException($"{path}: {option.Name} is a folder; expected a file.");
            if (!names.TryAdd(Path.GetFullPath(path), option.Name))
                throw new InvalidDataException($"{path}: {option.Name} is the file of {names[Path.GetFullPath(path)]}; expected another one.");
        }
    }
}
