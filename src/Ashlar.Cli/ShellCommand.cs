namespace Ashlar.Cli;

/// <summary>Commands as a user would type them, for messages that say what to run next.</summary>
internal static class ShellCommand
{
    /// <summary>The variable in which the launcher says how it was called (<c>./ashlar</c>).</summary>
    public const string LauncherVariable = "ASHLAR_LAUNCHER";

    /// <summary>This program with some arguments, quoted where a shell needs it.</summary>
    public static string Ashlar(IEnumerable<string> arguments)
    {
        string launcher = Environment.GetEnvironmentVariable(LauncherVariable) is { Length: > 0 } named ? named : "ashlar";
        return string.Join(' ', arguments.Prepend(launcher).Select(Quote));
    }

    /// <summary>One word for the shell of this system.</summary>
    public static string Quote(string word)
    {
        if (word.Length > 0 && word.All(character => char.IsAsciiLetterOrDigit(character) || "-_./:=+,@%".Contains(character) || (OperatingSystem.IsWindows() && character == '\\')))
            return word;
        return OperatingSystem.IsWindows() ? $"\"{word.Replace("\"", "\\\"")}\"" : $"'{word.Replace("'", "'\\''")}'";
    }
}
