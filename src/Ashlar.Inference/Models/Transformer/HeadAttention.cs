using System.Buffers;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>
/// Attention of one head over keys that lie transposed: a query's scores are then sums of rows, without a sum across a register
/// for each key. Every score is summed in the order of the head's values, however many keys there are.
/// </summary>
internal static class HeadAttention
{
    // Registers' worth of keys: rows are filled up to it with zeros.
    private const int Lanes = 16;

    /// <summary>Length of a transposed row of <paramref name="keyCount"/> keys.</summary>
    public static int RowLength(int keyCount) => (keyCount + Lanes - 1) / Lanes * Lanes;

    /// <summary>Writes one key as a column of [headWidth, rowLength].</summary>
    public static void Transpose(ReadOnlySpan<float> key, int index, int rowLength, Span<float> keys)
    {
        for (int i = 0; i < key.Length; i++)
            keys[i * rowLength + index] = key[i];
    }

    /// <summary>
    /// weights = softmax(scale * query . keys), result = sum of weights times values.
    /// </summary>
    /// <param name="query">[headWidth], already multiplied by the scale.</param>
    /// <param name="keys">[headWidth, rowLength], transposed, zeros beyond the keys.</param>
    /// <param name="values">[keyCount, headWidth].</param>
    /// <param name="keyCount">Number of keys.</param>
    /// <param name="result">Receives [headWidth].</param>
    /// <param name="weights">Working space of rowLength; receives the weights of the keys.</param>
    public static void Apply(
        ReadOnlySpan<float> query, ReadOnlySpan<float> keys, ReadOnlySpan<float> values, int keyCount, Span<float> result, Span<float> weights)
    {
        weights.Clear();
        Attention.Mix(query, keys, weights);
        // Whole registers: what is beyond the keys has no share.
        weights[keyCount..].Fill(float.NegativeInfinity);
        Softmax.Apply(weights);
        result.Clear();
        Attention.Mix(weights[..keyCount], values, result);
    }

    /// <summary>Every query of a sentence against all its keys: one head of an encoder's self-attention.</summary>
    /// <param name="fused">[length, 3 * width]: query, key and value of each token.</param>
    /// <param name="length">Tokens of the sentence.</param>
    /// <param name="width">Width of all heads together.</param>
    /// <param name="head">The head.</param>
    /// <param name="headWidth">Width of one.</param>
    /// <param name="result">[length, width]; receives this head's part of each row.</param>
    /// <param name="kept">Receives the weights; null for nobody.</param>
    /// <param name="layer">The layer whose weights they are.</param>
    public static void Sentence(
        ReadOnlySpan<float> fused, int length, int width, int head, int headWidth, Span<float> result, SelfAttentionWeights? kept, int layer)
    {
        int rowLength = RowLength(length), at = head * headWidth;
        float[] space = ArrayPool<float>.Shared.Rent(headWidth * rowLength + length * headWidth + rowLength + headWidth);
        Span<float> keys = space.AsSpan(0, headWidth * rowLength);
        Span<float> values = space.AsSpan(keys.Length, length * headWidth);
        Span<float> weights = space.AsSpan(keys.Length + values.Length, rowLength);
        Span<float> query = space.AsSpan(keys.Length + values.Length + rowLength, headWidth);
        keys.Clear();
        for (int row = 0; row < length; row++)
        {
            Transpose(fused.Slice(row * 3 * width + width + at, headWidth), row, rowLength, keys);
            fused.Slice(row * 3 * width + 2 * width + at, headWidth).CopyTo(values[(row * headWidth)..]);
        }

        float scale = 1 / MathF.Sqrt(headWidth);
        for (int row = 0; row < length; row++)
        {
            Scale(fused.Slice(row * 3 * width + at, headWidth), scale, query);
            Apply(query, keys, values, length, result.Slice(row * width + at, headWidth), weights);
            if (kept is not null)
                weights[..length].CopyTo(kept.Row(layer, head, row));
        }

        ArrayPool<float>.Shared.Return(space);
    }

    public static void Scale(ReadOnlySpan<float> source, float scale, Span<float> destination)
    {
        for (int i = 0; i < source.Length; i++)
            destination[i] = source[i] * scale;
    }
}
