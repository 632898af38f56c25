using Ashlar.Datasets.Batches;
using Ashlar.Tokenizers;
using Ashlar.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Loop;

/// <summary>Loss over held-out data, dropout off.</summary>
internal sealed class Validator(CausalLanguageModel model, RunData data, int rows, int length)
{
    private readonly IReadOnlyList<TokenBatch> _batches = data.Validation.Count == 1
        ? [.. EvaluationBatches.Windows(data.Validation[0].Ids, rows, length)]
        : EvaluationBatches.Documents(data.Validation, rows, length);

    /// <summary>Mean nats per supervised token of evenly spread batches; 0 for all of them.</summary>
    public ValidationResult Loss(int step, int maximumBatches)
    {
        int stride = maximumBatches <= 0 ? 1 : Math.Max(1, _batches.Count / maximumBatches);
        (double nats, long tokens) = Sum(Enumerable.Range(0, (_batches.Count + stride - 1) / stride).Select(i => _batches[i * stride]), target => true);
        return new ValidationResult(step, nats / tokens, tokens);
    }

    /// <summary>Bits per byte of text: special tokens count neither as loss nor as bytes.</summary>
    public double BitsPerByte(Tokenizer tokenizer)
    {
        (double nats, _) = Sum(_batches, target => !tokenizer.IsSpecial((int)target));
        long bytes = _batches.Sum(batch => TextBytes(batch, tokenizer));
        return nats / Math.Log(2) / bytes;
    }

    /// <summary>Bytes of text that the targets of a batch stand for, each after its input.</summary>
    internal static long TextBytes(TokenBatch batch, Tokenizer tokenizer)
    {
        long bytes = 0;
        for (int i = 0; i < batch.Targets.Length; i++)
        {
            if (batch.Targets[i] != TokenBatch.Ignored)
                bytes += tokenizer.TokenByteCountAfter((int)batch.Targets[i], (int)batch.Inputs[i]);
        }

        return bytes;
    }

    private (double Nats, long Tokens) Sum(IEnumerable<TokenBatch> batches, Func<long, bool> counts)
    {
        bool training = model.Training;
        model.SetTraining(false);
        try
        {
            using IDisposable detached = no_grad();
            double nats = 0;
            long tokens = 0;
            foreach (TokenBatch batch in batches)
            {
                using DisposeScope scope = NewDisposeScope();
                long[] targets = Array.ConvertAll(batch.Targets, target => target != TokenBatch.Ignored && counts(target) ? target : TokenBatch.Ignored);
                BatchTensors tensors = BatchTensors.From(batch, model.Device, targets);
                nats += model.LossSum(tensors.Inputs, tensors.Targets, tensors.Positions, tensors.Documents).item<float>();
                tokens += targets.Count(target => target != TokenBatch.Ignored);
            }

            return (nats, tokens);
        }
        finally
        {
            model.SetTraining(training);
        }
    }
}

/// <summary>A batch as tensors on a device, [rows, length], int64.</summary>
internal readonly record struct BatchTensors(Tensor Inputs, Tensor Targets, Tensor? Positions, Tensor? Documents)
{
    public static BatchTensors From(TokenBatch batch, Device device, long[]? targets = null)
    {
        return new BatchTensors(Make(batch.Inputs)!, Make(targets ?? batch.Targets)!, Make(batch.Positions), Make(batch.Documents));

        Tensor? Make(long[]? values) => values is null ? null : tensor(values, [batch.Rows, batch.Length], ScalarType.Int64, device);
    }
}
