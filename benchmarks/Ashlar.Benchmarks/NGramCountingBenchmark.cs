using System.Diagnostics;
using System.Text;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Training.NGrams;

namespace Ashlar.Benchmarks;

/// <summary>
/// Time and memory of a word n-gram model of 66 MB of reviews, from compressed text to the written file: vocabulary, counts of every
/// order, modified Kneser-Ney. The bound for order 5 on two cores is 120 s and 4 GB.
/// </summary>
internal static class NGramCountingBenchmark
{
    public static Benchmark Create() => new(
        "ngram-counting", "a word 5-gram of imdb-unsup [--data DIR] [--order 5] [--vocabulary 1000000] [--block 4194304] [--megabytes 1000]", Run);

    private static void Run(BenchmarkArguments arguments)
    {
        string path = Path.Combine(arguments.Data, "imdb-unsup", "unsup.txt.zst");
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: no such file; expected --data to name a folder that holds imdb-unsup.", path);
        int order = arguments.Integer("order", 5);
        long limit = arguments.Integer("megabytes", 1000) * 1_000_000L;
        long bytes = 0;
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ashlar-ngram-benchmark-");
        try
        {
            long start = Stopwatch.GetTimestamp();
            Tokenizers.Tokenizer tokenizer = Tokenizers.Training.WordLevelTrainer.Train(Lines(), arguments.Integer("vocabulary", 1_000_000));
            double vocabulary = Stopwatch.GetElapsedTime(start).TotalSeconds;
            int end = tokenizer.SpecialTokens.EndOfText!.Value;
            using NGramCounter counter = new(
                order, tokenizer.VocabularySize, end, new() { BlockTokens = arguments.Integer("block", 1 << 22), TemporaryFolder = folder.FullName });
            foreach (string line in Lines())
                counter.Add([end, .. tokenizer.Encode(line), end]);
            double read = Stopwatch.GetElapsedTime(start).TotalSeconds - vocabulary;
            NGramCounts counts = counter.Finish();
            double merged = Stopwatch.GetElapsedTime(start).TotalSeconds - vocabulary - read;
            string file = Path.Combine(folder.FullName, NGramModel.FileName);
            NGramEstimator.Write(counts, new() { Smoothing = NGramSmoothing.ModifiedKneserNey, BeginId = end, EndId = end }, file);
            double all = Stopwatch.GetElapsedTime(start).TotalSeconds;
            double peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e9;
            Console.WriteLine("| text MB | tokens | vocabulary | order | n-grams | file MB | vocabulary s | reading and sorting s | merging s | smoothing and writing s | all s | peak memory GB |");
            Console.WriteLine("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
            Console.WriteLine($"| {bytes / 2e6:F1} | {counts.TokenCount:N0} | {counts.VocabularySize:N0} | {order} | {counts.Sizes.Sum():N0} | {new FileInfo(file).Length / 1e6:F1} | {vocabulary:F1} | {read:F1} | {merged:F1} | {all - vocabulary - read - merged:F1} | {all:F1} | {peak:F2} |");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        IEnumerable<string> Lines()
        {
            using FileStream file = File.OpenRead(path);
            using ZstdSharp.DecompressionStream stream = new(file);
            using StreamReader reader = new(stream, Encoding.UTF8);
            long here = 0;
            while (here < limit && reader.ReadLine() is { } line)
            {
                here += Encoding.UTF8.GetByteCount(line) + 1;
                bytes += Encoding.UTF8.GetByteCount(line) + 1;
                yield return line;
            }
        }
    }
}
