using System.Globalization;
using Ashlar.Benchmarks;
using Ashlar.Benchmarks.Generation;
using Ashlar.Benchmarks.Training;
using Ashlar.Benchmarks.Translation;

// One benchmark a file; each is a name, what it measures, and a method. Results go to standard output as Markdown.
Benchmark[] benchmarks =
[
    TokenizerBenchmark.Create(),
    BpeTrainingBenchmark.Create(),
    NGramCountingBenchmark.Create(),
    TrainingStepBenchmark.Create(),
    Gpt2StepBenchmark.Create(),
    TrainingMemoryBenchmark.Create(),
    RnnGenerationBenchmark.Create(),
    TranslationTrainingBenchmark.Create(),
    TranslationDecodingBenchmark.Create(),
    TranslationMemoryBenchmark.Create(),
    TrainingWorker.Create(),
    TranslationTrainingWorker.Create(),
    RecurrentTrainingBenchmark.Create(),
    RecurrentTrainingWorker.Create(),
];

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Benchmark? chosen = Array.Find(benchmarks, benchmark => args.Length > 0 && benchmark.Name == args[0]);
if (chosen is null)
{
    Console.Error.WriteLine("usage: dotnet run -c Release --project benchmarks/Ashlar.Benchmarks -- NAME [options]");
    foreach (Benchmark benchmark in benchmarks)
        Console.Error.WriteLine($"  {benchmark.Name,-16} {benchmark.Summary}");
    return 2;
}

try
{
    chosen.Run(BenchmarkArguments.Parse(args[1..]));
    return 0;
}
catch (Exception error) when (error is InvalidDataException or IOException)
{
    Console.Error.WriteLine(error.Message);
    return 2;
}
