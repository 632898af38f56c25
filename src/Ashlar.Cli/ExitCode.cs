namespace Ashlar.Cli;

/// <summary>What the process returns (docs/design/architecture.md, section 5).</summary>
internal static class ExitCode
{
    /// <summary>The work is done.</summary>
    public const int Done = 0;

    /// <summary>The work was tried and failed.</summary>
    public const int Failed = 1;

    /// <summary>The input is wrong: a verb, an option, a key, a file.</summary>
    public const int BadInput = 2;

    /// <summary>Stopped by Ctrl-C after saving (128 + SIGINT, as shells expect).</summary>
    public const int Interrupted = 130;
}
