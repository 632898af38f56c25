namespace Ashlar.Benchmarks;

/// <summary>A measurement that anyone can repeat.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Summary">What it measures, and its options.</param>
/// <param name="Run">Measures and prints a Markdown table.</param>
internal sealed record Benchmark(string Name, string Summary, Action<BenchmarkArguments> Run);
