using System.Diagnostics;
using System.Globalization;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Training.Models;
using Ashlar.Training.Models.Recurrent;
using Ashlar.Training.Native;
using Ashlar.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Benchmarks.Training;

/// <summary>The process in which one side of <see cref="RecurrentTrainingBenchmark"/> runs; it answers as <see cref="TrainingWorker"/> does.</summary>
internal static class RecurrentTrainingWorker
{
    public const string Name = "rnn-training-worker";

    public static Benchmark Create() => new(Name, "(started by rnn-training)", Run);

    /// <summary>Vocabulary, width, layers, rows and time steps of a shape.</summary>
    public static (int Vocabulary, int Width, int Layers, int Rows, int Length) Shape(string name) => name switch
    {
        "small" => (10_000, 200, 2, 20, 35),
        "tiny" => (100, 16, 2, 4, 5),
        _ => throw new InvalidDataException($"--shape is '{name}'; expected small or tiny."),
    };

    private static void Run(BenchmarkArguments arguments)
    {
        bool plain = arguments.Text("side") == "plain";
        TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = arguments.Integer("threads", 2), SpinWhenIdle = plain || arguments.Text("spin") == "yes" });
        (int vocabulary, int width, int layers, int rows, int length) = Shape(arguments.Text("shape") ?? "small");
        bool adamW = arguments.Text("optimizer") == "adamw";
        torch.random.manual_seed(1);
        Tensor inputs = randint(0, vocabulary, [rows, length], ScalarType.Int64), targets = randint(0, vocabulary, [rows, length], ScalarType.Int64);
        string description = "fp32";
        Func<double> step = plain
            ? Plain(vocabulary, width, layers, inputs, targets, adamW)
            : Ours(vocabulary, width, layers, inputs, targets, adamW, arguments.Text("compute"), out description);
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

    private static Func<double> Plain(int vocabulary, int width, int layers, Tensor inputs, Tensor targets, bool adamW)
    {
        PlainLstm model = new(vocabulary, width, layers);
        optim.Optimizer optimizer = adamW ? optim.AdamW(model.parameters(), 1e-3) : optim.SGD(model.parameters(), 1);
        long rows = inputs.shape[0];
        Tensor byTime = inputs.t().contiguous(), expected = targets.t().contiguous().view(-1);
        Tensor hidden = zeros(layers, rows, width), memory = zeros(layers, rows, width);
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            optimizer.zero_grad();
            (Tensor logits, Tensor nextHidden, Tensor nextMemory) = model.forward(byTime, (hidden, memory));
            Tensor loss = functional.cross_entropy(logits.view(-1, vocabulary), expected);
            loss.backward();
            nn.utils.clip_grad_norm_(model.parameters(), 0.25);
            optimizer.step();
            hidden.Dispose();
            memory.Dispose();
            hidden = nextHidden.detach().DetachFromDisposeScope();
            memory = nextMemory.detach().DetachFromDisposeScope();
            return loss.item<float>();
        };
    }

    private static Func<double> Ours(
        int vocabulary, int width, int layers, Tensor inputs, Tensor targets, bool adamW, string? compute, out string description)
    {
        ComputeType type = compute switch
        {
            null => ComputeTypes.Fastest(),
            "float32" => ComputeType.Float32,
            "bfloat16" => ComputeType.BFloat16,
            _ => throw new InvalidDataException($"--compute is '{compute}'; expected float32 or bfloat16."),
        };
        description = type == ComputeType.BFloat16 ? "bf16 products of the projection" : "fp32";
        RecurrentConfiguration configuration = new()
        {
            Cell = RecurrentCell.Lstm,
            VocabularySize = vocabulary,
            EmbeddingWidth = width,
            HiddenWidth = width,
            LayerCount = layers,
        };
        RecurrentLanguageModel model = new(configuration, new RecurrentOptions { ComputeType = type });
        IOptimizer optimizer = adamW ? new AdamW(model.Parameters) : new StochasticGradientDescent(model.Parameters, momentum: 0);
        RecurrentState state = model.NewState((int)inputs.shape[0]);
        long tokens = inputs.numel();
        return () =>
        {
            using DisposeScope scope = NewDisposeScope();
            model.ZeroGradients();
            double loss = model.AccumulateGradients(state, inputs, targets) / tokens;
            double norm = GradientNorm.Of(model.Parameters) / tokens;
            optimizer.Step(adamW ? 1e-3 : 1, GradientNorm.ClippingFactor(norm, 0.25) / tokens);
            return loss;
        };
    }
}
