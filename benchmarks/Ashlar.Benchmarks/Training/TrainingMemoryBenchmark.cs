using System.Diagnostics;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models;
using Ashlar.Training.Native;
using Ashlar.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Benchmarks.Training;

/// <summary>Whether memory grows over many steps: the resident set at step 200 and at the last one.</summary>
internal static class TrainingMemoryBenchmark
{
    public static Benchmark Create() => new(
        "training-memory",
        "resident memory over 2,000 steps of a small model, by the fused pass and by automatic differentiation [--steps 2000] [--threads 2]",
        Run);

    private static void Run(BenchmarkArguments arguments)
    {
        int steps = arguments.Integer("steps", 2000);
        TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = arguments.Integer("threads", 2) });
        Console.WriteLine("| training | MB at step 200 | MB at the last step | growth |");
        Console.WriteLine("|---|---:|---:|---:|");
        foreach (bool fused in (bool[])[true, false])
        {
            (DecoderConfiguration configuration, int rows, int length) = TrainingShape.Named("tiny");
            using Decoder model = new(configuration with { Dropout = 0.1 }, new DecoderOptions { FusedPass = fused });
            using AdamW optimizer = new(model.Parameters);
            double early = 0;
            for (int step = 1; step <= steps; step++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor inputs = randint(0, configuration.VocabularySize, [rows, length], ScalarType.Int64);
                Tensor targets = randint(0, configuration.VocabularySize, [rows, length], ScalarType.Int64);
                model.ZeroGradients();
                model.AccumulateGradients(inputs, targets);
                double norm = GradientNorm.Of(model.Parameters) / inputs.numel();
                optimizer.Step(1e-3, GradientNorm.ClippingFactor(norm, 1) / inputs.numel());
                if (step == 200)
                    early = Resident();
            }

            double late = Resident();
            Console.WriteLine($"| {(fused ? "fused pass" : "automatic differentiation")}, {steps:N0} steps | {early:F0} | {late:F0} | {(late / early) - 1:P1} |");
        }
    }

    private static double Resident()
    {
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64 / 1e6;
    }
}
