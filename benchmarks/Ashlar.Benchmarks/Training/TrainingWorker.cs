using System.Diagnostics;
using System.Globalization;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models;
using Ashlar.Training.Native;
using Ashlar.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Benchmarks.Training;

/// <summary>
/// The process in which one side of a training benchmark runs: threads and allocation are settings of a process, so each side has its
/// own. It answers each line of standard input that holds a number of steps with the milliseconds each step took and the last loss.
/// </summary>
internal static class TrainingWorker
{
    public static Benchmark Create() => new("training-worker", "(started by the training benchmarks)", Run);

    private static void Run(BenchmarkArguments arguments)
    {
        bool plain = arguments.Text("side") == "plain";
        int threads = arguments.Integer("threads", 2);

        // The plain side keeps OpenMP's own defaults, as a program that uses TorchSharp directly has.
        TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = threads, SpinWhenIdle = plain || arguments.Text("spin") == "yes" });
        (DecoderConfiguration configuration, int rows, int length) = TrainingShape.Named(arguments.Text("shape") ?? "small");
        random.manual_seed(1);
        Tensor inputs = randint(0, configuration.VocabularySize, [rows, length], ScalarType.Int64);
        Tensor targets = randint(0, configuration.VocabularySize, [rows, length], ScalarType.Int64);
        string description = plain ? "fp32" : "";
        Func<double> step = plain ? Plain(configuration, inputs, targets) : Ours(configuration, inputs, targets, arguments.Text("compute"), out description);
        Console.WriteLine($"ready {description}");
        while (Console.ReadLine() is { } line && int.TryParse(line, out int count))
        {
            double loss = 0;
            double[] times = new double[count];
            for (int i = 0; i < count; i++)
            {
                long start = Stopwatch.GetTimestamp();
                loss = step();
                times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{loss:F6} {string.Join(' ', times.Select(time => time.ToString("F3", CultureInfo.InvariantCulture)))}"));
        }
    }

    private static Func<double> Plain(DecoderConfiguration configuration, Tensor inputs, Tensor targets)
    {
        PlainGpt model = new(configuration);
        optim.Optimizer optimizer = optim.AdamW(model.parameters(), 1e-3, 0.9, 0.95, 1e-8, 0.1);
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            optimizer.zero_grad();
            Tensor logits = model.forward(inputs);
            Tensor loss = functional.cross_entropy(logits.view(-1, configuration.VocabularySize), targets.view(-1));
            loss.backward();
            nn.utils.clip_grad_norm_(model.parameters(), 1);
            optimizer.step();
            return loss.item<float>();
        };
    }

    private static Func<double> Ours(DecoderConfiguration configuration, Tensor inputs, Tensor targets, string? compute, out string description)
    {
        ComputeType type = compute switch
        {
            null => ComputeTypes.Fastest(),
            "float32" => ComputeType.Float32,
            "bfloat16" => ComputeType.BFloat16,
            _ => throw new InvalidDataException($"--compute is '{compute}'; expected float32 or bfloat16."),
        };
        description = type == ComputeType.BFloat16 ? "bf16 products" : "fp32";
        Decoder model = new(configuration, new DecoderOptions { ComputeType = type });
        AdamW optimizer = new(model.Parameters);
        long tokens = inputs.numel();
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            model.ZeroGradients();
            double loss = model.AccumulateGradients(inputs, targets) / tokens;
            double norm = GradientNorm.Of(model.Parameters) / tokens;
            optimizer.Step(1e-3, GradientNorm.ClippingFactor(norm, 1) / tokens);
            return loss;
        };
    }
}
