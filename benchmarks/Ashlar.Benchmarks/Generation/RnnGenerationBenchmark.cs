using System.Diagnostics;
using Ashlar.Benchmarks.Training;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models.Recurrent;
using Ashlar.Training.Native;

namespace Ashlar.Benchmarks.Generation;

/// <summary>One stream of characters from an LSTM, one thread, beside the same weights in TorchSharp's own modules, in turns.</summary>
internal static class RnnGenerationBenchmark
{
    public static Benchmark Create() => new(
        "rnn-generation",
        "sampled characters per second of a 2 x 256 LSTM, one stream, one thread, beside TorchSharp's nn.LSTM [--rounds 7] [--tokens 4000] [--layers 2] [--width 256] [--vocabulary 65]",
        Run);

    private static void Run(BenchmarkArguments arguments)
    {
        int rounds = arguments.Integer("rounds", 7), count = arguments.Integer("tokens", 4000), width = arguments.Integer("width", 256);
        RecurrentConfiguration configuration = new()
        {
            Cell = RecurrentCell.Lstm,
            VocabularySize = arguments.Integer("vocabulary", 65),
            EmbeddingWidth = width,
            HiddenWidth = width,
            LayerCount = arguments.Integer("layers", 2),
        };
        configuration.Validate();
        TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = 1 });
        TorchSharp.torch.random.manual_seed(1);
        using PlainLstm plain = new(configuration);
        using MemoryTensorSource weights = plain.Weights();
        using RecurrentGraph graph = RecurrentGraph.Load(configuration, weights, threadCount: 1);

        // The same model: the likeliest continuations agree.
        if (!plain.Generate(1, 200, greedy: true).SequenceEqual(Generate(graph, 1, 200, greedy: true)))
            throw new InvalidDataException("The two sides do not generate the same text.");
        plain.Generate(1, count, greedy: false);
        Generate(graph, 1, count, greedy: false);
        List<double> plainRates = [], ourRates = [], ratios = [];
        for (int round = 0; round < rounds; round++)
        {
            double plainTime = Seconds(() => plain.Generate(1, count, greedy: false));
            double ourTime = Seconds(() => Generate(graph, 1, count, greedy: false));
            plainRates.Add(count / plainTime);
            ourRates.Add(count / ourTime);
            ratios.Add(plainTime / ourTime);
            Console.Error.WriteLine($"round {round + 1} of {rounds}: {plainRates[^1]:F0} and {ourRates[^1]:F0} characters/s, ratio {ratios[^1]:F2}");
        }

        Console.WriteLine($"| generation, {configuration.LayerCount} x {width} LSTM, vocabulary {configuration.VocabularySize}, one stream, one thread, sampled; median of {rounds} rounds of {count} in turns | characters/s | from | to |");
        Console.WriteLine("|---|---:|---:|---:|");
        Console.WriteLine($"| TorchSharp nn.LSTM, step by step | {Statistics.Median(plainRates):F0} | {plainRates.Min():F0} | {plainRates.Max():F0} |");
        Console.WriteLine($"| Ashlar runtime | {Statistics.Median(ourRates):F0} | {ourRates.Min():F0} | {ourRates.Max():F0} |");
        Console.WriteLine($"| ratio | {Statistics.Median(ratios):F2} | {ratios.Min():F2} | {ratios.Max():F2} |");
    }

    private static int[] Generate(RecurrentGraph graph, int first, int count, bool greedy)
    {
        using LanguageModelState state = graph.NewState();
        GenerationOptions options = new()
        {
            MaxTokens = count,
            Sampling = new SamplingOptions { Temperature = greedy ? 0 : 1, Seed = 1 },
        };
        TokenGenerator generator = new(graph, state, [first], options);
        int[] tokens = new int[count];
        for (int i = 0; generator.TryNext(out int token); i++)
            tokens[i] = token;
        return tokens;
    }

    private static double Seconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
