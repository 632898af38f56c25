using System.Diagnostics;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace Ashlar.Benchmarks;

/// <summary>
/// Encoding speed beside Microsoft.ML.Tokenizers: the same vocabulary file, the same text, one thread, the two in turn in one
/// process, equal ids asserted.
/// </summary>
internal static class TokenizerBenchmark
{
    // Rank file, and the model by whose name the peer chooses the same pattern and special tokens.
    private static readonly (string File, string Model)[] Vocabularies =
    [
        ("gpt2.tiktoken", "gpt2"),
        ("cl100k_base.tiktoken", "gpt-4"),
        ("o200k_base.tiktoken", "gpt-4o"),
    ];

    public static Benchmark Create() => new(
        "tokenizers", "encoding speed beside Microsoft.ML.Tokenizers [--data DIR] [--rounds 7] [--bytes 10000000]", Run);

    private static void Run(BenchmarkArguments arguments)
    {
        (string text, string source) = BenchmarkTexts.Mixed(arguments.Data, arguments.Integer("bytes", 10_000_000));
        int rounds = Math.Max(5, arguments.Integer("rounds", 7));
        double megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
        Console.WriteLine($"{megabytes:F1} MB of text from {source}; one thread; median of {rounds} runs in turn; {Environment.ProcessorCount} cores visible.");
        Console.WriteLine();
        Console.WriteLine("| vocabulary | tokens | Ashlar MB/s | Microsoft.ML.Tokenizers MB/s | ratio | ids |");
        Console.WriteLine("|---|---:|---:|---:|---:|---|");
        foreach ((string file, string model) in Vocabularies)
        {
            string path = Path.Combine(arguments.Data, "tiktoken-ranks", file);
            if (!File.Exists(path))
                throw new FileNotFoundException($"{path}: no such rank file; expected --data to name a folder that holds tiktoken-ranks.", path);
            Compare(file, path, model, text, megabytes, rounds);
        }
    }

    private static void Compare(string name, string path, string model, string text, double megabytes, int rounds)
    {
        Tokenizers.Tokenizer ours = Tokenizers.Tokenizer.Load(path);
        using FileStream ranks = File.OpenRead(path);
        TiktokenTokenizer theirs = TiktokenTokenizer.CreateForModel(model, ranks);

        // Warm-up: both compiled, both caches as a long-running program has them.
        int[] ids = ours.Encode(text);
        IReadOnlyList<int> expected = theirs.EncodeToIds(text);
        string equal = ids.AsSpan().SequenceEqual([.. expected]) ? "equal" : "DIFFERENT";
        double[] mine = new double[rounds];
        double[] peer = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            mine[round] = Seconds(() => ours.Encode(text));
            peer[round] = Seconds(() => theirs.EncodeToIds(text));
        }

        double a = megabytes / Median(mine);
        double b = megabytes / Median(peer);
        Console.WriteLine($"| {Path.GetFileNameWithoutExtension(name)} | {ids.Length:N0} | {a:F1} | {b:F1} | {a / b:F2} | {equal} |");
        if (equal != "equal")
        {
            int at = ids.AsSpan().CommonPrefixLength([.. expected]);
            int from = Math.Max(0, at - 4);
            throw new InvalidDataException(
                $"{name}: the two encoders give different ids from the {at}th on: {string.Join(' ', ids[from..Math.Min(at + 8, ids.Length)])} and {string.Join(' ', expected.Skip(from).Take(12))} ('{ours.Decode(ids.AsSpan(from, Math.Min(12, ids.Length - from)))}').");
        }
    }

    private static double Seconds(Action run)
    {
        GC.Collect();
        long start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
