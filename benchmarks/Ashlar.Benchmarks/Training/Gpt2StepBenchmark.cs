using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Ashlar.Benchmarks.Training;

/// <summary>
/// One training step of GPT-2 124M, batch 4 x 64, AdamW, beside programs like llm.c's <c>train_gpt2</c>, which are run in turns with
/// it. Nothing of them is in this repository: they are named on the command line.
/// </summary>
internal static partial class Gpt2StepBenchmark
{
    public static Benchmark Create() => new(
        "gpt2-124m-step",
        "GPT-2 124M, batch 4 x 64, AdamW [--peer PATH,PATH: programs that print 'took N ms' for each step, run in their own folder] [--threads 2] [--rounds 5] [--steps 5]",
        Run);

    private static void Run(BenchmarkArguments arguments)
    {
        int rounds = arguments.Integer("rounds", 5), steps = arguments.Integer("steps", 5), threads = arguments.Integer("threads", 2);
        string[] peers = arguments.Text("peer")?.Split(',') ?? [];
        foreach (string peer in peers)
        {
            if (!File.Exists(peer))
                throw new FileNotFoundException($"{peer}: no such file; expected --peer to name a program.", peer);
        }

        using WorkerProcess ours = new("ours", "124m", arguments);
        ours.Steps(steps);
        List<double> times = [];
        List<double>[] peerTimes = [.. peers.Select(_ => new List<double>())];
        for (int round = 0; round < rounds; round++)
        {
            times.Add(Statistics.Median(ours.Steps(steps).Times));
            Console.Error.WriteLine($"round {round + 1} of {rounds}: {times[^1]:F0} ms");
            for (int peer = 0; peer < peers.Length; peer++)
            {
                peerTimes[peer].Add(PeerStep(peers[peer], threads, steps));
                Console.Error.WriteLine($"  {Path.GetFileName(peers[peer])}: {peerTimes[peer][^1]:F0} ms");
            }
        }

        Console.WriteLine($"| one step of GPT-2 124M, batch 4 x 64, {threads} threads, median of {rounds} rounds in turns | ms | from | to | ratio to Ashlar |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        Console.WriteLine($"| Ashlar, {ours.Description} | {Statistics.Median(times):F0} | {times.Min():F0} | {times.Max():F0} | 1 |");
        for (int peer = 0; peer < peers.Length; peer++)
        {
            double ratio = Statistics.Median(peerTimes[peer].Zip(times, (theirs, mine) => theirs / mine));
            Console.WriteLine($"| {Path.GetFileName(peers[peer])} | {Statistics.Median(peerTimes[peer]):F0} | {peerTimes[peer].Min():F0} | {peerTimes[peer].Max():F0} | {ratio:F2} |");
        }
    }

    // The median of the program's steps but the first, which touches its memory for the first time. It is ended after enough steps.
    private static double PeerStep(string program, int threads, int steps)
    {
        ProcessStartInfo start = new(Path.GetFullPath(program))
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetDirectoryName(Path.GetFullPath(program))!,
        };
        foreach (string variable in (string[])["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"])
            start.Environment[variable] = threads.ToString(CultureInfo.InvariantCulture);
        using Process process = Process.Start(start)!;
        List<double> times = [];
        while (times.Count <= steps && process.StandardOutput.ReadLine() is { } line)
        {
            if (StepTime().Match(line) is { Success: true } match)
                times.Add(double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
        }

        if (!process.HasExited)
            process.Kill();
        process.WaitForExit();
        return times.Count > 1
            ? Statistics.Median(times.Skip(1))
            : throw new InvalidDataException($"{program} printed no step times; expected lines with 'took N ms'.");
    }

    [GeneratedRegex(@"took\s+([0-9.]+)\s*ms")]
    private static partial Regex StepTime();
}
