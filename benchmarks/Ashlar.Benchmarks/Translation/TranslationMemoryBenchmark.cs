using System.Diagnostics;
using System.Globalization;
using Ashlar.Benchmarks.Training;

namespace Ashlar.Benchmarks.Translation;

/// <summary>
/// Whether the memory of <c>ashlar translate</c> grows with the file: the command itself, as a process of its own, translates a long file
/// with a tiny model while its resident set is read.
/// </summary>
internal static class TranslationMemoryBenchmark
{
    // Lines after which the runtime has compiled what it needs and every buffer has met its longest line.
    private const double WarmUp = 0.1;

    public static Benchmark Create() => new(
        "translation-memory",
        "resident memory of 'ashlar translate' over a file of 1,000,000 lines, tiny model [--lines 1000000] [--beam 2] [--threads 1] [--every 5 (seconds)]",
        Run);

    private static void Run(BenchmarkArguments arguments)
    {
        int lines = arguments.Integer("lines", 1_000_000), every = arguments.Integer("every", 5);
        string folder = Directory.CreateTempSubdirectory("ashlar-translation-memory-").FullName;
        try
        {
            string input = Path.Combine(folder, "input.txt"), output = Path.Combine(folder, "output.txt");
            using (DecodingModel model = DecodingModel.Random(TranslationTrainingWorker.Shape("tiny").Configuration))
            {
                model.Save(folder);
                Write(input, model, lines);
            }

            ProcessStartInfo start = new(Path.Combine(BenchmarkArguments.RepositoryRoot, "ashlar"))
            {
                ArgumentList =
                {
                    "translate", folder, "--input", input,
                    "--beam", arguments.Text("beam") ?? "2", "--threads", arguments.Text("threads") ?? "1", "--max-length", "8",
                },
                RedirectStandardOutput = true,
            };
            Console.WriteLine("| lines done | MB resident |");
            Console.WriteLine("|---:|---:|");
            using Process process = Process.Start(start)!;
            using StreamWriter written = new(output);
            List<(long Lines, double Resident)> samples = [];
            long done = 0;
            Stopwatch watch = Stopwatch.StartNew();
            TimeSpan next = TimeSpan.Zero;
            while (process.StandardOutput.ReadLine() is { } line)
            {
                written.WriteLine(line);
                if (++done % 1000 != 0)
                    continue;
                process.Refresh();
                if (process.HasExited)
                    continue;
                samples.Add((done, process.WorkingSet64 / 1e6));
                if (watch.Elapsed < next)
                    continue;
                next = watch.Elapsed + TimeSpan.FromSeconds(every);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {done:N0} | {samples[^1].Resident:F1} |"));
            }

            process.WaitForExit();
            if (process.ExitCode != 0 || done != lines)
                throw new InvalidDataException($"ashlar translate ended with code {process.ExitCode} after {done:N0} lines of {lines:N0}.");
            Report(samples, lines, watch.Elapsed);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The resident set of a collected heap goes up and down: halves are compared by their highest and their middle values.
    private static void Report(List<(long Lines, double Resident)> samples, int lines, TimeSpan time)
    {
        double[] warm = [.. samples.Where(sample => sample.Lines > WarmUp * lines).Select(sample => sample.Resident)];
        double[] first = warm[..(warm.Length / 2)], second = warm[(warm.Length / 2)..];
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {lines:N0} lines in {time.TotalSeconds:F0} s, after the first {WarmUp:P0} | first half | second half | growth |"));
        Console.WriteLine("|---|---:|---:|---:|");
        Print("median MB", Statistics.Median([.. first]), Statistics.Median([.. second]));
        Print("highest MB", first.Max(), second.Max());

        static void Print(string name, double before, double after) =>
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {before:F1} | {after:F1} | {(after / before) - 1:P1} |"));
    }

    private static void Write(string path, DecodingModel model, int lines)
    {
        Random random = new(7);
        using StreamWriter writer = new(path) { NewLine = "\n" };
        for (int i = 0; i < lines; i++)
            writer.WriteLine(model.Sentence(random, random.Next(1, 9)));
    }
}
