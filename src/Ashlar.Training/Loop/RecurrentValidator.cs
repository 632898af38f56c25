using Ashlar.Datasets.Batches;
using Ashlar.Tokenizers;
using Ashlar.Training.Models.Recurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace Ashlar.Training.Loop;

/// <summary>Loss over a held-out stream that is read in parallel tracks from zero states, the state carried on; dropout off.</summary>
internal sealed class RecurrentValidator(RecurrentLanguageModel model, int[] stream, int tracks, int length, int? boundary)
{
    private readonly TokenBatch[] _batches = [.. ContiguousStreams.InOrder(stream, Math.Max(1, Math.Min(tracks, stream.Length - 1)), length, boundary)];

    /// <summary>Nats over the first batches, and the targets they are over; 0 for all of them.</summary>
    public (double Nats, long Tokens) Nats(int maximumBatches) =>
        Sum(maximumBatches <= 0 ? _batches : _batches.Take(maximumBatches), _ => true);

    /// <summary>Bits per byte of text: special tokens count neither as loss nor as bytes.</summary>
    public double BitsPerByte(Tokenizer tokenizer)
    {
        (double nats, _) = Sum(_batches, target => !tokenizer.IsSpecial((int)target));
        long bytes = _batches.Sum(batch => Validator.TextBytes(batch, tokenizer));
        return nats / Math.Log(2) / bytes;
    }

    private (double Nats, long Tokens) Sum(IEnumerable<TokenBatch> batches, Func<long, bool> counts)
    {
        bool training = model.Training;
        model.SetTraining(false);
        using RecurrentState state = model.NewState(_batches[0].Rows);
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
                nats += model.LossSum(state, tensors.Inputs, tensors.Targets, tensors.Positions).item<float>();
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
