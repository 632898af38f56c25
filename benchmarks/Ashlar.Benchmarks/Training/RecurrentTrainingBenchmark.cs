namespace Ashlar.Benchmarks.Training;

/// <summary>
/// Training throughput of the small LSTM of Zaremba et al. (2014), 2 x 200, vocabulary 10,000, 20 rows of 35 steps with carried state,
/// beside the same model from TorchSharp's <c>nn.LSTM</c> and its own optimizer, in turns.
/// </summary>
internal static class RecurrentTrainingBenchmark
{
    public static Benchmark Create() => new(
        "rnn-training",
        "LSTM 2 x 200, vocabulary 10,000, batch 20 x 35, beside TorchSharp's nn.LSTM in fp32 [--threads 2] [--rounds 7] [--steps 20] [--optimizer sgd|adamw] [--compute float32|bfloat16] [--shape small|tiny]",
        Run);

    private static void Run(BenchmarkArguments arguments)
    {
        string shape = arguments.Text("shape") ?? "small", optimizer = arguments.Text("optimizer") ?? "sgd";
        int rounds = arguments.Integer("rounds", 7), steps = arguments.Integer("steps", 20);
        (int vocabulary, int width, int layers, int rows, int length) = RecurrentTrainingWorker.Shape(shape);
        using WorkerProcess plain = new("plain", shape, arguments, RecurrentTrainingWorker.Name), ours = new("ours", shape, arguments, RecurrentTrainingWorker.Name);

        // Until compiled code, memory and clocks have settled.
        plain.Steps(steps);
        ours.Steps(steps * 2);
        List<double> plainRates = [], ourRates = [], ratios = [];
        for (int round = 0; round < rounds; round++)
        {
            double plainTime = Statistics.Median(plain.Steps(steps).Times), ourTime = Statistics.Median(ours.Steps(steps).Times);
            plainRates.Add(1000.0 * rows * length / plainTime);
            ourRates.Add(1000.0 * rows * length / ourTime);
            ratios.Add(plainTime / ourTime);
            Console.Error.WriteLine($"round {round + 1} of {rounds}: {plainRates[^1]:F0} and {ourRates[^1]:F0} tokens/s, ratio {ratios[^1]:F2}");
        }

        Console.WriteLine($"| training an LSTM {layers} x {width}, vocabulary {vocabulary:N0}, batch {rows} x {length}, {optimizer}, {arguments.Integer("threads", 2)} threads, median of {rounds} rounds of {steps} steps in turns | tokens/s | from | to |");
        Console.WriteLine("|---|---:|---:|---:|");
        Console.WriteLine($"| TorchSharp nn.LSTM and its optimizer, {plain.Description} | {Statistics.Median(plainRates):F0} | {plainRates.Min():F0} | {plainRates.Max():F0} |");
        Console.WriteLine($"| Ashlar, {ours.Description} | {Statistics.Median(ourRates):F0} | {ourRates.Min():F0} | {ourRates.Max():F0} |");
        Console.WriteLine($"| ratio | {Statistics.Median(ratios):F2} | {ratios.Min():F2} | {ratios.Max():F2} |");
    }
}
