namespace Ashlar.Benchmarks.Training;

/// <summary>
/// Training throughput in target tokens of the Transformer 128 wide, 256 inside, 4 + 4 layers, vocabulary 9,708, beside the same model
/// from TorchSharp's own modules and its own Adam, in turns over the same batches.
/// </summary>
internal static class TranslationTrainingBenchmark
{
    public static Benchmark Create() => new(
        "translation-training",
        "Transformer 128/256, 4 + 4 layers, vocabulary 9,708, token batches of 4,096, beside TorchSharp's modules in fp32 [--threads 2] [--rounds 7] [--steps 11] [--compute float32|bfloat16] [--shape small|mixed|tiny]",
        Run);

    private static void Run(BenchmarkArguments arguments)
    {
        string shape = arguments.Text("shape") ?? "small";
        int rounds = arguments.Integer("rounds", 7), steps = arguments.Integer("steps", 11);
        using WorkerProcess plain = new("plain", shape, arguments, TranslationTrainingWorker.Name), ours = new("ours", shape, arguments, TranslationTrainingWorker.Name);

        // Until compiled code, memory and clocks have settled; the same number of steps on both sides, so that both are at the same batch.
        plain.Steps(steps);
        ours.Steps(steps);
        List<double> plainRates = [], ourRates = [], ratios = [];
        for (int round = 0; round < rounds; round++)
        {
            // Milliseconds for a target token, the mean over the same batches.
            double plainTime = plain.Steps(steps).Times.Average(), ourTime = ours.Steps(steps).Times.Average();
            plainRates.Add(1000 / plainTime);
            ourRates.Add(1000 / ourTime);
            ratios.Add(plainTime / ourTime);
            Console.Error.WriteLine($"round {round + 1} of {rounds}: {plainRates[^1]:F0} and {ourRates[^1]:F0} target tokens/s, ratio {ratios[^1]:F2}");
        }

        Console.WriteLine($"| training a Transformer ({shape}), {arguments.Integer("threads", 2)} threads, median of {rounds} rounds of {steps} steps in turns | target tokens/s | from | to |");
        Console.WriteLine("|---|---:|---:|---:|");
        Console.WriteLine($"| TorchSharp modules and its Adam, {plain.Description} | {Statistics.Median(plainRates):F0} | {plainRates.Min():F0} | {plainRates.Max():F0} |");
        Console.WriteLine($"| Ashlar, {ours.Description} | {Statistics.Median(ourRates):F0} | {ourRates.Min():F0} | {ourRates.Max():F0} |");
        Console.WriteLine($"| ratio | {Statistics.Median(ratios):F2} | {ratios.Min():F2} | {ratios.Max():F2} |");
    }
}
