using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>
/// Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1) of single queries over cached keys and values, and
/// over a whole sequence. Several query heads may share one key-value head (Ainslie et al. 2023).
/// </summary>
public static class Attention
{
    /// <summary>scores[i] = query . keys[i] * scale.</summary>
    /// <param name="query">[width].</param>
    /// <param name="keys">[scores, width], row after row.</param>
    /// <param name="scale">Usually 1 / sqrt(width).</param>
    /// <param name="scores">Receives one score for each key.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static void Scores(ReadOnlySpan<float> query, ReadOnlySpan<float> keys, float scale, Span<float> scores)
    {
        int width = query.Length;
        Require.AtLeast(keys.Length, (long)scores.Length * width);
        for (int i = 0; i < scores.Length; i++)
            scores[i] = Dot.Product(query, keys.Slice(i * width, width)) * scale;
    }

    /// <summary>output += sum of weights[i] * values[i], in order of i.</summary>
    /// <param name="weights">One weight for each row.</param>
    /// <param name="values">[weights, width], row after row.</param>
    /// <param name="output">[width].</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static void Mix(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, Span<float> output)
    {
        int width = output.Length;
        Require.AtLeast(values.Length, (long)weights.Length * width);
        int done = 0;
        if (Vector512.IsHardwareAccelerated && width >= Lanes512.Count)
            done = Vector<Lanes512>(weights, values, output);
        else if (Vector256.IsHardwareAccelerated && width >= Lanes256.Count)
            done = Vector<Lanes256>(weights, values, output);
        else if (Vector128.IsHardwareAccelerated && width >= Lanes128.Count)
            done = Vector<Lanes128>(weights, values, output);
        ScalarMix(weights, values, output, done);
    }

    /// <summary>Causal self-attention of a whole sequence: position t sees positions 0 to t.</summary>
    /// <param name="queries">[length, headCount, headWidth].</param>
    /// <param name="keys">[length, keyValueHeadCount, headWidth].</param>
    /// <param name="values">[length, keyValueHeadCount, headWidth].</param>
    /// <param name="headCount">Query heads; a multiple of the key-value heads.</param>
    /// <param name="keyValueHeadCount">Key-value heads.</param>
    /// <param name="headWidth">Width of a head; scores are scaled by 1 / sqrt of it.</param>
    /// <param name="output">Receives [length, headCount, headWidth].</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public static void Causal(
        ReadOnlySpan<float> queries,
        ReadOnlySpan<float> keys,
        ReadOnlySpan<float> values,
        int headCount,
        int keyValueHeadCount,
        int headWidth,
        Span<float> output)
    {
        if (headCount % keyValueHeadCount != 0)
            throw new ArgumentException($"{headCount} query heads are no multiple of {keyValueHeadCount} key-value heads.");
        int length = queries.Length / (headCount * headWidth);
        Require.SameLength(queries.Length, length * headCount * headWidth);
        Require.SameLength(keys.Length, length * keyValueHeadCount * headWidth);
        Require.SameLength(values.Length, keys.Length);
        Require.SameLength(output.Length, queries.Length);
        float scale = 1 / MathF.Sqrt(headWidth);
        float[] headKeys = new float[length * headWidth];
        float[] headValues = new float[length * headWidth];
        float[] scores = new float[length];
        output.Clear();
        for (int head = 0; head < headCount; head++)
        {
            int source = head / (headCount / keyValueHeadCount);
            if (head % (headCount / keyValueHeadCount) == 0)
            {
                for (int t = 0; t < length; t++)
                {
                    int at = (t * keyValueHeadCount + source) * headWidth;
                    keys.Slice(at, headWidth).CopyTo(headKeys.AsSpan(t * headWidth));
                    values.Slice(at, headWidth).CopyTo(headValues.AsSpan(t * headWidth));
                }
            }

            for (int t = 0; t < length; t++)
            {
                int at = (t * headCount + head) * headWidth;
                Span<float> weights = scores.AsSpan(0, t + 1);
                Scores(queries.Slice(at, headWidth), headKeys, scale, weights);
                Softmax.Apply(weights);
                Mix(weights, headValues, output.Slice(at, headWidth));
            }
        }
    }

    internal static void ScalarMix(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, Span<float> output, int start = 0)
    {
        for (int i = 0; i < weights.Length; i++)
            for (int j = start; j < output.Length; j++)
                output[j] += weights[i] * values[i * output.Length + j];
    }

    private static int Vector<TLanes>(ReadOnlySpan<float> weights, ReadOnlySpan<float> values, Span<float> output)
        where TLanes : struct, ILanes<TLanes>
    {
        ref float v = ref MemoryMarshal.GetReference(values);
        ref float o = ref MemoryMarshal.GetReference(output);
        int width = output.Length, lanes = TLanes.Count, column = 0;
        // Strips of four registers stay in them over all rows; what remains goes one register at a time.
        for (; column <= width - 4 * lanes; column += 4 * lanes)
        {
            ref float start = ref Unsafe.Add(ref o, column);
            TLanes sum0 = TLanes.Load(ref start), sum1 = TLanes.Load(ref Unsafe.Add(ref start, lanes));
            TLanes sum2 = TLanes.Load(ref Unsafe.Add(ref start, 2 * lanes)), sum3 = TLanes.Load(ref Unsafe.Add(ref start, 3 * lanes));
            ref float row = ref Unsafe.Add(ref v, column);
            foreach (float weight in weights)
            {
                TLanes factor = TLanes.Broadcast(weight);
                sum0 = TLanes.MultiplyAdd(factor, TLanes.Load(ref row), sum0);
                sum1 = TLanes.MultiplyAdd(factor, TLanes.Load(ref Unsafe.Add(ref row, lanes)), sum1);
                sum2 = TLanes.MultiplyAdd(factor, TLanes.Load(ref Unsafe.Add(ref row, 2 * lanes)), sum2);
                sum3 = TLanes.MultiplyAdd(factor, TLanes.Load(ref Unsafe.Add(ref row, 3 * lanes)), sum3);
                row = ref Unsafe.Add(ref row, width);
            }

            TLanes.Store(sum0, ref start);
            TLanes.Store(sum1, ref Unsafe.Add(ref start, lanes));
            TLanes.Store(sum2, ref Unsafe.Add(ref start, 2 * lanes));
            TLanes.Store(sum3, ref Unsafe.Add(ref start, 3 * lanes));
        }

        for (; column <= width - lanes; column += lanes)
        {
            TLanes sum = TLanes.Load(ref Unsafe.Add(ref o, column));
            ref float row = ref Unsafe.Add(ref v, column);
            foreach (float weight in weights)
            {
                sum = TLanes.MultiplyAdd(TLanes.Broadcast(weight), TLanes.Load(ref row), sum);
                row = ref Unsafe.Add(ref row, width);
            }

            TLanes.Store(sum, ref Unsafe.Add(ref o, column));
        }

        return column;
    }
}
