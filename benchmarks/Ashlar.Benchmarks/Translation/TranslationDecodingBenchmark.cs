using System.Diagnostics;
using Ashlar.Benchmarks.Training;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Translation;
using Ashlar.Training.Native;
using TorchSharp;

namespace Ashlar.Benchmarks.Translation;

/// <summary>
/// Translating with a Transformer 128 wide, 256 inside, 4 + 4 layers, beside the same weights in TorchSharp's operations with the same
/// caches and batches, in turns: many sentences with a beam, and one sentence after another greedily on one thread.
/// </summary>
internal static class TranslationDecodingBenchmark
{
    public static Benchmark Create() => new(
        "translation-decoding",
        "sentences per second of a Transformer 128/256, 4 + 4 layers, vocabulary 9,708: batched beam search, and greedy one by one on one thread, beside TorchSharp with the same caches [--rounds 5] [--sentences 1000] [--beam 5] [--batch 64] [--threads 2] [--model FOLDER --input FILE] [--part both|beam|greedy]",
        Run);

    private static void Run(BenchmarkArguments arguments)
    {
        int rounds = arguments.Integer("rounds", 5), count = arguments.Integer("sentences", 1000), threads = arguments.Integer("threads", 2);
        int beams = arguments.Integer("beam", 5), batch = arguments.Integer("batch", 64);
        string part = arguments.Text("part") ?? "both";
        if (part is not ("both" or "beam" or "greedy"))
            throw new InvalidDataException($"--part is '{part}'; expected both, beam or greedy.");
        TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = threads });
        using DecodingModel model = arguments.Text("model") is { } folder ? DecodingModel.Trained(folder) : DecodingModel.Random(TranslationTrainingWorker.Shape("small").Configuration);
        string[] texts = arguments.Text("input") is { } input ? [.. File.ReadLines(input).Where(line => line.Length > 0).Take(count)]
            : model.IsRandom ? model.Sentences(count)
            : throw new InvalidDataException("--model needs --input, a file of sentences.");
        using TorchTranslator torchModel = new(model.Configuration, model.Weights);

        Console.WriteLine($"| translating {texts.Length} sentences, {(model.IsRandom ? "random weights, translations as long as their sources" : model.Weights.Source)}; median of {rounds} rounds in turns | sentences/s | from | to |");
        Console.WriteLine("|---|---:|---:|---:|");
        if (part != "greedy")
            Compare(model, torchModel, texts, model.Options(beams, batch), threads, rounds, $"beam {beams}, batches of {batch}, {threads} threads", Batched);
        if (part != "beam")
            Compare(model, torchModel, texts, model.Options(1, 1), 1, rounds, "greedy, one by one, one thread", OneByOne);
    }

    private static void Compare(
        DecodingModel model,
        TorchTranslator torchModel,
        string[] texts,
        TranslationOptions options,
        int threads,
        int rounds,
        string name,
        Func<TorchSearch, int[][], int[], TranslationOptions, int[][]> decode)
    {
        TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = threads });
        Translator translator = model.Runtime(threads);
        using Inference.ISequenceToSequenceModel graph = translator.Model;
        TranslationFormat format = model.Configuration.Format;
        int words = model.Vocabularies.Target.VocabularySize;
        int[] suppressed =
        [
            .. new[] { format.PaddingId, format.BeginId }.Concat(Enumerable.Range(words, model.Configuration.TargetVocabularySize - words))
                .Where(id => id != format.EndId).Concat(options.Search.SuppressedIds).Distinct(),
        ];
        TorchSearch search = new(torchModel, suppressed, format.EndId, options.Search.LengthPenalty);
        int[][] sources = [.. texts.Select(text => translator.Encode(text, options))];
        int[] limits = [.. sources.Select(source => (int)Math.Min(options.Search.MaxTokens, (options.LengthFactor * source.Length) + options.LengthAllowance))];

        // The same model and the same search: the same translations, but for sums in another order.
        int[][] plain = decode(search, sources, limits, options), ours = Ours();
        double equal = plain.Zip(ours).Count(pair => pair.First.SequenceEqual(pair.Second)) / (double)plain.Length;
        Console.Error.WriteLine($"{name}: {100 * equal:F1} % of the translations are the same, {ours.Sum(ids => (long)ids.Length)} tokens");
        if (equal < 0.9)
            throw new InvalidDataException($"{name}: only {100 * equal:F1} % of the translations are the same on both sides.");
        // Once more, so that the runtime has compiled what it will: a round is then like any later one.
        Ours();
        List<double> plainRates = [], ourRates = [], ratios = [];
        for (int round = 0; round < rounds; round++)
        {
            (double plainTime, double plainWork) = Seconds(() => decode(search, sources, limits, options));
            (double ourTime, double ourWork) = Seconds(() => Ours());
            plainRates.Add(texts.Length / plainTime);
            ourRates.Add(texts.Length / ourTime);
            ratios.Add(plainTime / ourTime);
            Console.Error.WriteLine($"{name}, round {round + 1} of {rounds}: {plainRates[^1]:F1} and {ourRates[^1]:F1} sentences/s, ratio {ratios[^1]:F2} (in processor time {plainWork / ourWork:F2})");
        }

        Console.WriteLine($"| {name}: TorchSharp | {Statistics.Median(plainRates):F1} | {plainRates.Min():F1} | {plainRates.Max():F1} |");
        Console.WriteLine($"| {name}: Ashlar runtime, {100 * equal:F1} % of the translations equal | {Statistics.Median(ourRates):F1} | {ourRates.Min():F1} | {ourRates.Max():F1} |");
        Console.WriteLine($"| {name}: ratio | {Statistics.Median(ratios):F2} | {ratios.Min():F2} | {ratios.Max():F2} |");

        // From text to text, as a user calls it; the peer is spared the tokenizer.
        int[][] Ours() => options.BatchSize == 1
            ? [.. texts.Select(text => (int[])[.. translator.Translate(text, options).Tokens])]
            : [.. translator.Translate(texts, options).Select(found => (int[])[.. found[0].Tokens])];
    }

    // The longest together, as Ashlar batches them.
    private static int[][] Batched(TorchSearch search, int[][] sources, int[] limits, TranslationOptions options)
    {
        int[][] results = new int[sources.Length][];
        foreach (int[] batch in Enumerable.Range(0, sources.Length).OrderByDescending(i => sources[i].Length).Chunk(options.BatchSize))
        {
            int[][] found = search.Beam([.. batch.Select(i => sources[i])], [.. batch.Select(i => limits[i])], options.Search.BeamCount);
            for (int i = 0; i < batch.Length; i++)
                results[batch[i]] = found[i];
        }

        return results;
    }

    private static int[][] OneByOne(TorchSearch search, int[][] sources, int[] limits, TranslationOptions options) =>
        [.. sources.Select((source, i) => search.Greedy(source, limits[i]))];

    // By the clock, which is what counts, and of the processor, which tells what a busy machine hides.
    private static (double Elapsed, double Processor) Seconds(Action action)
    {
        using Process process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        action();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        process.Refresh();
        return (elapsed.TotalSeconds, (process.TotalProcessorTime - before).TotalSeconds);
    }
}
