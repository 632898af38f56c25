using System.Diagnostics;
using ChildProcess = System.Diagnostics.Process;

namespace Ashlar.Cli.Tests.Process;

/// <summary>The real command as a child process: its streams, its signals and its exit code.</summary>
internal sealed class CliProcess : IDisposable
{
    private readonly ChildProcess _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private CliProcess(ChildProcess process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>What the process was started with, as a shell would be given it.</summary>
    public static string Invocation => string.Join(' ', Program().Select(word => $"'{word}'"));

    public bool HasExited => _process.HasExited;

    /// <summary>Starts <c>ashlar</c>.</summary>
    public static CliProcess Start(IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        string[] words = [.. Program(), .. arguments];
        return Launch(words, environment);
    }

    /// <summary>Runs <c>ashlar</c> to its end.</summary>
    public static (int ExitCode, string Output, string Error) Run(IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        using CliProcess process = Start(arguments, environment);
        return process.Finish();
    }

    /// <summary>Lets a shell run a line in which <c>ashlar</c> is this build's command.</summary>
    public static (int ExitCode, string Output, string Error) Shell(string line)
    {
        using CliProcess process = Launch(["/bin/sh", "-c", $"ashlar() {{ {Invocation} \"$@\"; }}; {line}"], []);
        return process.Finish();
    }

    /// <summary>Waits for the end.</summary>
    public (int ExitCode, string Output, string Error) Finish()
    {
        if (!_process.WaitForExit(120_000))
        {
            _process.Kill();
            Assert.Fail("ashlar did not end within two minutes.");
        }

        return (_process.ExitCode, _output.Result, _error.Result);
    }

    /// <summary>SIGKILL: nothing the process could do about it.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Sends a signal by its name; INT is what Ctrl-C sends.</summary>
    public void Send(string signal)
    {
        using ChildProcess kill = ChildProcess.Start("/bin/kill", [$"-{signal}", $"{_process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits until something is so, while the process runs.</summary>
    public void Until(Func<bool> condition, string what)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.False(_process.HasExited, $"ashlar ended before {what}: {(_process.HasExited ? _error.Result : "")}");
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(2), $"Two minutes passed without {what}.");
            Thread.Sleep(5);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private static CliProcess Launch(string[] words, (string Name, string? Value)[] environment)
    {
        ProcessStartInfo start = new(words[0], words[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["OMP_NUM_THREADS"] = "1"; // other tests run beside
        start.Environment.Remove("ASHLAR_LAUNCHER");
        foreach ((string name, string? value) in environment)
            start.Environment[name] = value;
        ChildProcess process = ChildProcess.Start(start)!;
        process.StandardInput.Close();
        return new CliProcess(process);
    }

    // The tests' own host starts the command: "dotnet ashlar.dll", or the executable beside the tests'.
    private static string[] Program()
    {
        string host = Environment.ProcessPath!;
        string beside = Path.Combine(AppContext.BaseDirectory, "ashlar");
        return Path.GetFileNameWithoutExtension(host) == "dotnet" ? [host, beside + ".dll"] : [beside + (OperatingSystem.IsWindows() ? ".exe" : "")];
    }
}
