using System.Diagnostics;
using System.Globalization;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Datasets.Parallel;
using Ashlar.Training.Models;
using Ashlar.Training.Models.Transformer;
using Ashlar.Training.Native;
using Ashlar.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Benchmarks.Training;

/// <summary>
/// The process in which one side of <see cref="TranslationTrainingBenchmark"/> runs; it answers as <see cref="TrainingWorker"/> does.
/// Both sides go through the same batches in the same order: token batches from length buckets over sentences whose lengths are
/// drawn like those of image captions.
/// </summary>
internal static class TranslationTrainingWorker
{
    public const string Name = "translation-training-worker";

    public static Benchmark Create() => new(Name, "(started by translation-training)", Run);

    /// <summary>The model and the tokens of a batch.</summary>
    public static (TransformerConfiguration Configuration, int BatchTokens, int BucketWidth) Shape(string name) => name switch
    {
        "small" => (Tied(vocabulary: 9708, width: 128, inner: 256, layers: 4, heads: 4), 4096, 1),
        "mixed" => (Tied(vocabulary: 9708, width: 128, inner: 256, layers: 4, heads: 4), 4096, 16),
        "tiny" => (Tied(vocabulary: 200, width: 32, inner: 64, layers: 1, heads: 2), 256, 1),
        _ => throw new InvalidDataException($"--shape is '{name}'; expected small, mixed or tiny."),
    };

    /// <summary>Some epochs' batches, the same in every process.</summary>
    public static ParallelBatch[] Batches(TransformerConfiguration c, int batchTokens, int bucketWidth)
    {
        Random random = new(5);
        ParallelExample[] pairs = [.. Enumerable.Range(0, 3000).Select(_ =>
        {
            // Multi30k in word pieces: 13.7 tokens on average, from 4 to about 40, both sides alike.
            int source = Length(13.7), target = Math.Clamp(source + random.Next(-3, 4), 3, 45);
            return new ParallelExample(Ids(source), Ids(target));
        })];
        ParallelBatches batches = new(pairs, new ParallelTokens(1, 2, 0, 0), new ParallelBatchSize { Tokens = batchTokens, BucketWidth = bucketWidth }, 1);
        return [.. Enumerable.Range(0, batches.BatchesPerEpoch).Select(_ => batches.Next())];

        int Length(double mean)
        {
            // The sum of three exponentials has about the spread of the lengths of captions.
            double sum = Enumerable.Range(0, 3).Sum(_ => -Math.Log(1 - random.NextDouble()));
            return Math.Clamp((int)Math.Round(4 + ((mean - 4) * sum / 3)), 4, 40);
        }

        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(3, c.TargetVocabularySize))];
    }

    private static TransformerConfiguration Tied(int vocabulary, int width, int inner, int layers, int heads) => new()
    {
        SourceVocabularySize = vocabulary,
        TargetVocabularySize = vocabulary,
        Width = width,
        EncoderLayerCount = layers,
        DecoderLayerCount = layers,
        EncoderHeadCount = heads,
        DecoderHeadCount = heads,
        EncoderFeedForwardWidth = inner,
        DecoderFeedForwardWidth = inner,
        MaximumLength = 64,
        ShareEmbeddings = true,
        // nn.TransformerEncoderLayer has one probability for all three places.
        Dropout = 0.1,
        AttentionDropout = 0.1,
        ActivationDropout = 0.1,
        Format = new TranslationFormat { PaddingId = 0, BeginId = 1, EndId = 2, SourceEndId = 2 },
    };

    private static void Run(BenchmarkArguments arguments)
    {
        bool plain = arguments.Text("side") == "plain";
        TorchRuntime.Initialize(new TorchRuntimeOptions { Threads = arguments.Integer("threads", 2), SpinWhenIdle = plain || arguments.Text("spin") == "yes" });
        (TransformerConfiguration c, int batchTokens, int bucketWidth) = Shape(arguments.Text("shape") ?? "small");
        ParallelBatch[] batches = Batches(c, batchTokens, bucketWidth);
        torch.random.manual_seed(1);
        string description = "fp32, padded";
        Func<ParallelBatch, double> step = plain ? Plain(c) : Ours(c, arguments.Text("compute"), out description);
        Console.WriteLine($"ready {description}");
        int next = 0;
        while (Console.ReadLine() is { } line && int.TryParse(line, out int count))
        {
            double loss = 0;
            double[] times = new double[count];
            for (int i = 0; i < count; i++)
            {
                ParallelBatch batch = batches[next++ % batches.Length];
                long start = Stopwatch.GetTimestamp();
                loss = step(batch);
                // For each target token, so that the rates of steps of different batches can be compared.
                times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds / batch.SupervisedCount;
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{loss:F6} {string.Join(' ', times.Select(time => time.ToString("F6", CultureInfo.InvariantCulture)))}"));
        }
    }

    private static Func<ParallelBatch, double> Plain(TransformerConfiguration c)
    {
        PlainTransformer model = new(c);
        optim.Optimizer optimizer = optim.Adam(model.parameters(), 1e-3, 0.9, 0.98);
        return batch =>
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor source = tensor(batch.Source, [batch.Rows, batch.SourceLength]).t(), inputs = tensor(batch.DecoderInputs, [batch.Rows, batch.TargetLength]).t();
            Tensor targets = tensor(batch.Targets, [batch.Rows, batch.TargetLength]).t();
            optimizer.zero_grad();
            Tensor loss = functional.cross_entropy(
                model.call(source, inputs).reshape(-1, c.TargetVocabularySize), targets.reshape(-1), ignore_index: TrainableModel.IgnoredTarget, label_smoothing: 0.1);
            loss.backward();
            optimizer.step();
            return loss.item<float>();
        };
    }

    private static Func<ParallelBatch, double> Ours(TransformerConfiguration c, string? compute, out string description)
    {
        ComputeType type = compute switch
        {
            null or "float32" => ComputeType.Float32,
            "bfloat16" => ComputeType.BFloat16,
            _ => throw new InvalidDataException($"--compute is '{compute}'; expected float32 or bfloat16."),
        };
        description = type == ComputeType.BFloat16 ? "bf16 products" : "fp32";
        TransformerModel model = new(c, new TranslationModelOptions { ComputeType = type });
        AdamW optimizer = new(model.Parameters, new AdamWOptions { Beta2 = 0.98, WeightDecay = 0 });
        return batch =>
        {
            using DisposeScope scope = NewDisposeScope();
            model.ZeroGradients();
            double loss = model.AccumulateGradients(batch, 0.1) / batch.SupervisedCount;
            optimizer.Step(1e-3, 1.0 / batch.SupervisedCount);
            return loss;
        };
    }
}
