using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>
/// Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1) of one query over keys and values that lie in one array for each
/// token: hypotheses of a beam share their past, so no two of them have it in one piece.
/// </summary>
public static class ScatteredAttention
{
    // Scores are filled up to whole registers with minus infinity, whose share is 0.
    private const int Lanes = 16;

    /// <summary>Working space that <paramref name="tokens"/> tokens need.</summary>
    public static int Space(int tokens) => (tokens + Lanes - 1) / Lanes * Lanes;

    /// <summary>output = for each head the sum of softmax(query . keys / sqrt(headWidth)) times values.</summary>
    /// <param name="query">[heads, headWidth].</param>
    /// <param name="tokens">An array for each token.</param>
    /// <param name="keyAt">Where the key, [heads, headWidth], begins in each.</param>
    /// <param name="valueAt">Where the value begins.</param>
    /// <param name="headWidth">Width of a head.</param>
    /// <param name="weights">Working space of <see cref="Space"/>.</param>
    /// <param name="output">Receives [heads, headWidth].</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static void Apply(
        ReadOnlySpan<float> query, ReadOnlySpan<float[]> tokens, int keyAt, int valueAt, int headWidth, Span<float> weights, Span<float> output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens.Length, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Math.Min(keyAt, valueAt));
        Require.SameLength(output.Length, query.Length);
        Require.SameLength(query.Length % headWidth, 0);
        Require.AtLeast(weights.Length, Space(tokens.Length));
        foreach (float[] token in tokens)
            Require.AtLeast(token.Length, (long)Math.Max(keyAt, valueAt) + query.Length);
        Span<float> scores = weights[..Space(tokens.Length)];
        if (Vector512.IsHardwareAccelerated && headWidth % Lanes512.Count == 0)
            Vector<Lanes512>(query, tokens, keyAt, valueAt, headWidth, scores, output);
        else if (Vector256.IsHardwareAccelerated && headWidth % Lanes256.Count == 0)
            Vector<Lanes256>(query, tokens, keyAt, valueAt, headWidth, scores, output);
        else if (Vector128.IsHardwareAccelerated && headWidth % Lanes128.Count == 0)
            Vector<Lanes128>(query, tokens, keyAt, valueAt, headWidth, scores, output);
        else
            Scalar(query, tokens, keyAt, valueAt, headWidth, scores, output);
    }

    internal static void Scalar(
        ReadOnlySpan<float> query, ReadOnlySpan<float[]> tokens, int keyAt, int valueAt, int headWidth, Span<float> scores, Span<float> output)
    {
        float scale = 1 / MathF.Sqrt(headWidth);
        for (int head = 0; head < query.Length; head += headWidth)
        {
            scores[tokens.Length..].Fill(float.NegativeInfinity);
            for (int i = 0; i < tokens.Length; i++)
                scores[i] = Dot.Scalar(query.Slice(head, headWidth), tokens[i].AsSpan(keyAt + head, headWidth)) * scale;
            Softmax.Scalar(scores);
            output.Slice(head, headWidth).Clear();
            for (int i = 0; i < tokens.Length; i++)
                for (int j = 0; j < headWidth; j++)
                    output[head + j] += scores[i] * tokens[i][valueAt + head + j];
        }
    }

    private static void Vector<TLanes>(
        ReadOnlySpan<float> query, ReadOnlySpan<float[]> tokens, int keyAt, int valueAt, int headWidth, Span<float> scores, Span<float> output)
        where TLanes : struct, ILanes<TLanes>
    {
        float scale = 1 / MathF.Sqrt(headWidth);
        int width = TLanes.Count;
        ref float q = ref MemoryMarshal.GetReference(query);
        ref float o = ref MemoryMarshal.GetReference(output);
        for (int head = 0; head < query.Length; head += headWidth)
        {
            scores[tokens.Length..].Fill(float.NegativeInfinity);
            for (int i = 0; i < tokens.Length; i++)
            {
                ref float key = ref At(tokens[i], keyAt + head);
                TLanes sum = TLanes.Zero;
                for (int j = 0; j < headWidth; j += width)
                    sum = TLanes.MultiplyAdd(TLanes.Load(ref Unsafe.Add(ref q, head + j)), TLanes.Load(ref Unsafe.Add(ref key, j)), sum);
                scores[i] = TLanes.Sum(sum) * scale;
            }

            Softmax.Apply(scores);
            int column = 0;
            for (; column <= headWidth - 2 * width; column += 2 * width)
            {
                TLanes sum0 = TLanes.Zero, sum1 = TLanes.Zero;
                for (int i = 0; i < tokens.Length; i++)
                {
                    TLanes factor = TLanes.Broadcast(scores[i]);
                    ref float value = ref At(tokens[i], valueAt + head + column);
                    sum0 = TLanes.MultiplyAdd(factor, TLanes.Load(ref value), sum0);
                    sum1 = TLanes.MultiplyAdd(factor, TLanes.Load(ref Unsafe.Add(ref value, width)), sum1);
                }

                TLanes.Store(sum0, ref Unsafe.Add(ref o, head + column));
                TLanes.Store(sum1, ref Unsafe.Add(ref o, head + column + width));
            }

            for (; column < headWidth; column += width)
            {
                TLanes sum = TLanes.Zero;
                for (int i = 0; i < tokens.Length; i++)
                    sum = TLanes.MultiplyAdd(TLanes.Broadcast(scores[i]), TLanes.Load(ref At(tokens[i], valueAt + head + column)), sum);
                TLanes.Store(sum, ref Unsafe.Add(ref o, head + column));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static ref float At(float[] token, int index) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(token), index);
    }
}
