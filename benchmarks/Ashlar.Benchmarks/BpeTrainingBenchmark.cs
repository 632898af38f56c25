using System.Diagnostics;
using System.Text;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Benchmarks;

/// <summary>Time and memory of training a byte-level BPE on 66 MB of reviews, one a line, read as a stream.</summary>
internal static class BpeTrainingBenchmark
{
    public static Benchmark Create() => new(
        "bpe-training", "training a 32,000-token byte-level BPE on imdb-unsup [--data DIR] [--vocabulary 32000]", Run);

    private static void Run(BenchmarkArguments arguments)
    {
        string path = Path.Combine(arguments.Data, "imdb-unsup", "unsup.txt.zst");
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected --data to name a folder that holds imdb-unsup.", path);
        int vocabulary = arguments.Integer("vocabulary", 32_000);
        long bytes = 0;
        long start = Stopwatch.GetTimestamp();
        Tokenizers.Tokenizer tokenizer = ByteLevelBpeTrainer.Train(Lines(), vocabulary, progress: new ConsoleProgress());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e9;
        string sample = Lines().First();
        Console.WriteLine("| text | vocabulary | seconds | peak memory GB | bytes a token on the first review |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        Console.WriteLine($"| imdb-unsup, {bytes / 1e6:F1} MB | {tokenizer.VocabularySize:N0} | {seconds:F1} | {peak:F2} | {Encoding.UTF8.GetByteCount(sample) / (double)tokenizer.Encode(sample).Length:F2} |");

        IEnumerable<string> Lines()
        {
            using FileStream file = File.OpenRead(path);
            using ZstdSharp.DecompressionStream stream = new(file);
            using StreamReader reader = new(stream, Encoding.UTF8);
            while (reader.ReadLine() is { } line)
            {
                bytes += Encoding.UTF8.GetByteCount(line) + 1;
                yield return line;
            }
        }
    }

    // Progress<T> would print from another thread, after the table.
    private sealed class ConsoleProgress : IProgress<TokenizerTrainingProgress>
    {
        public void Report(TokenizerTrainingProgress value) =>
            Console.Error.WriteLine($"{value.Stage}: {value.Done:N0}{(value.Total > 0 ? $" of {value.Total:N0}" : "")}");
    }
}
