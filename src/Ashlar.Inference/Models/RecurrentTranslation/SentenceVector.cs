using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.RecurrentTranslation;

/// <summary>An encoder's outputs to one vector.</summary>
internal static class SentenceVector
{
    /// <param name="c">Which pooling mode.</param>
    /// <param name="rows">[length, width]: the sentence's outputs alone, without padding.</param>
    /// <param name="vector">Receives [width].</param>
    public static void Pool(RecurrentTranslationConfiguration c, ReadOnlySpan<float> rows, Span<float> vector)
    {
        int width = vector.Length, length = rows.Length / width;
        switch (c.Pooling)
        {
            case SentencePooling.Last:
                rows[^width..].CopyTo(vector);
                // The backward direction's last step is at the first token.
                if (c.BidirectionalLayerCount == c.EncoderLayerCount)
                    rows[(width / 2)..width].CopyTo(vector[(width / 2)..]);
                break;
            case SentencePooling.FirstLastMean:
                for (int i = 0; i < width; i++)
                    vector[i] = (rows[i] + rows[(length - 1) * width + i]) / 2;
                break;
            case SentencePooling.Max:
                rows[..width].CopyTo(vector);
                for (int at = width; at < rows.Length; at++)
                    vector[at % width] = MathF.Max(vector[at % width], rows[at]);
                break;
            default:
                int count = c.Pooling == SentencePooling.MeanLastN ? Math.Min(c.PoolingCount, length) : length;
                vector.Clear();
                for (int row = length - count; row < length; row++)
                    Addition.Accumulate(vector, rows.Slice(row * width, width));
                if (c.Pooling != SentencePooling.Sum)
                    for (int i = 0; i < width; i++)
                        vector[i] /= count;
                break;
        }
    }
}
