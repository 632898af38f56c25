namespace Ashlar.Benchmarks.Training;

/// <summary>Training throughput of a small GPT beside the same model from TorchSharp's own modules and optimizer, in turns.</summary>
internal static class TrainingStepBenchmark
{
    public static Benchmark Create() => new(
        "training-step",
        "GPT 4 layers, width 256, vocabulary 8,192, batch 8 x 256, beside plain TorchSharp in fp32 [--threads 2] [--rounds 7] [--steps 5] [--compute float32|bfloat16] [--shape small]",
        Run);

    private static void Run(BenchmarkArguments arguments)
    {
        string shape = arguments.Text("shape") ?? "small";
        int rounds = arguments.Integer("rounds", 7), steps = arguments.Integer("steps", 5);
        (_, int rows, int length) = TrainingShape.Named(shape);
        using WorkerProcess plain = new("plain", shape, arguments), ours = new("ours", shape, arguments);

        // Until compiled code, memory and clocks have settled.
        plain.Steps(steps);
        ours.Steps(steps * 4);
        List<double> plainRates = [], ourRates = [], ratios = [];
        for (int round = 0; round < rounds; round++)
        {
            double plainTime = Statistics.Median(plain.Steps(steps).Times), ourTime = Statistics.Median(ours.Steps(steps).Times);
            plainRates.Add(1000.0 * rows * length / plainTime);
            ourRates.Add(1000.0 * rows * length / ourTime);
            ratios.Add(plainTime / ourTime);
            Console.Error.WriteLine($"round {round + 1} of {rounds}: {plainRates[^1]:F0} and {ourRates[^1]:F0} tokens/s, ratio {ratios[^1]:F2}");
        }

        Console.WriteLine($"| training, {arguments.Integer("threads", 2)} threads, median of {rounds} rounds of {steps} steps in turns | tokens/s | from | to |");
        Console.WriteLine("|---|---:|---:|---:|");
        Console.WriteLine($"| TorchSharp modules and its AdamW, {plain.Description} | {Statistics.Median(plainRates):F0} | {plainRates.Min():F0} | {plainRates.Max():F0} |");
        Console.WriteLine($"| Ashlar, {ours.Description} | {Statistics.Median(ourRates):F0} | {ourRates.Min():F0} | {ourRates.Max():F0} |");
        Console.WriteLine($"| ratio | {Statistics.Median(ratios):F2} | {ratios.Min():F2} | {ratios.Max():F2} |");
    }
}
