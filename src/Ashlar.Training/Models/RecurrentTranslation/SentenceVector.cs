using Ashlar.Checkpoints.Configurations;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>The encoder's outputs to one vector a sentence; padding never takes part.</summary>
internal static class SentenceVector
{
    /// <summary>v, [rows, memory width].</summary>
    public static Tensor Of(EncodedSources sources, RecurrentTranslationConfiguration c)
    {
        Tensor memory = sources.Memory;
        return c.Pooling switch
        {
            SentencePooling.Last => Last(sources, c),
            SentencePooling.Mean => memory.sum(1) / Counts(sources, sources.Lengths),
            SentencePooling.FirstLastMean => (memory.select(1, 0) + End(sources)) * 0.5,
            SentencePooling.MeanLastN => LastN(sources, c.PoolingCount),
            SentencePooling.Sum => memory.sum(1),
            _ => memory.masked_fill(sources.Mask.logical_not().unsqueeze(-1), float.NegativeInfinity).amax([1]),
        };
    }

    // The forward direction ends at the last token, the backward one at the first.
    private static Tensor Last(EncodedSources sources, RecurrentTranslationConfiguration c)
    {
        Tensor end = End(sources);
        if (c.BidirectionalLayerCount < c.EncoderLayerCount)
            return end;
        return cat([end.narrow(1, 0, c.EncoderWidth), sources.Memory.select(1, 0).narrow(1, c.EncoderWidth, c.EncoderWidth)], 1);
    }

    private static Tensor End(EncodedSources sources)
    {
        (long rows, long length, long width) = (sources.Memory.shape[0], sources.Memory.shape[1], sources.Memory.shape[2]);
        long[] at = [.. sources.Lengths.Select((count, row) => (row * length) + count - 1)];
        return sources.Memory.reshape(rows * length, width).index_select(0, tensor(at, ScalarType.Int64, sources.Memory.device));
    }

    private static Tensor LastN(EncodedSources sources, int count)
    {
        int length = (int)sources.Memory.shape[1];
        bool[] among = new bool[sources.Lengths.Length * length];
        for (int row = 0; row < sources.Lengths.Length; row++)
        {
            int taken = Math.Min(count, sources.Lengths[row]);
            among.AsSpan((row * length) + sources.Lengths[row] - taken, taken).Fill(true);
        }

        Tensor mask = tensor(among, [sources.Lengths.Length, length, 1], ScalarType.Bool, sources.Memory.device);
        return sources.Memory.masked_fill(mask.logical_not(), 0).sum(1)
            / Counts(sources, [.. sources.Lengths.Select(tokens => Math.Min(count, tokens))]);
    }

    private static Tensor Counts(EncodedSources sources, int[] counts) =>
        tensor(Array.ConvertAll(counts, count => (float)count), [counts.Length, 1], device: sources.Memory.device);
}
