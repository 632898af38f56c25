using System.Diagnostics;
using System.Globalization;

namespace Ashlar.Benchmarks.Training;

/// <summary>A training worker, asked for some steps at a time so that two of them take turns on the same machine.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;

    /// <param name="side">Ours or plain.</param>
    /// <param name="shape">What is trained.</param>
    /// <param name="arguments">Of the benchmark.</param>
    /// <param name="worker">The benchmark that is the worker.</param>
    public WorkerProcess(string side, string shape, BenchmarkArguments arguments, string worker = "training-worker")
    {
        string program = Environment.ProcessPath!;
        List<string> command = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(WorkerProcess).Assembly.Location] : [];
        command.AddRange([worker, "--side", side, "--shape", shape, "--threads", arguments.Integer("threads", 2).ToString(CultureInfo.InvariantCulture)]);
        foreach (string option in (string[])["compute", "spin", "optimizer"])
        {
            if (arguments.Text(option) is { } value)
                command.AddRange(["--" + option, value]);
        }

        _process = Process.Start(new ProcessStartInfo(program, command) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        string ready = Read();
        if (!ready.StartsWith("ready", StringComparison.Ordinal))
            throw new InvalidDataException($"The {side} worker did not start: {ready}");
        Description = ready["ready".Length..].Trim();
    }

    public string Description { get; }

    /// <summary>Milliseconds of each step, and the last one's loss.</summary>
    public (double[] Times, double Loss) Steps(int count)
    {
        _process.StandardInput.WriteLine(count.ToString(CultureInfo.InvariantCulture));
        double[] values = [.. Read().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        return (values[1..], values[0]);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private string Read() => _process.StandardOutput.ReadLine() ?? throw new InvalidDataException("A training worker ended early; its message is above.");
}
