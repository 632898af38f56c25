using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>The largest values of a row.</summary>
public static class TopK
{
    /// <summary>
    /// Writes the indices of the largest values, largest first; of equal values the one with the lower index comes first.
    /// NaN counts as the smallest.
    /// </summary>
    /// <param name="values">The row.</param>
    /// <param name="indices">Receives as many indices as it is long, at most as many as there are values.</param>
    /// <exception cref="ArgumentException">More indices than values.</exception>
    public static void Indices(ReadOnlySpan<float> values, Span<int> indices)
    {
        Require.AtLeast(values.Length, indices.Length);
        if (indices.IsEmpty)
            return;
        // A heap of the best so far with the worst of them on top: most values fail one comparison and are done.
        int count = indices.Length;
        for (int i = 0; i < count; i++)
            indices[i] = i;
        for (int root = count / 2 - 1; root >= 0; root--)
            Sink(values, indices, root, count);
        for (int i = count; i < values.Length; i++)
        {
            i = NextAbove(values, i, values[indices[0]]);
            if (i == values.Length)
                break;
            indices[0] = i;
            Sink(values, indices, 0, count);
        }

        for (int last = count - 1; last > 0; last--)
        {
            (indices[0], indices[last]) = (indices[last], indices[0]);
            Sink(values, indices, 0, last);
        }
    }

    // The next index whose value belongs before a bound that came earlier; the length if there is none.
    private static int NextAbove(ReadOnlySpan<float> values, int start, float bound)
    {
        int i = start;
        if (Vector512.IsHardwareAccelerated && !float.IsNaN(bound))
        {
            ref float first = ref MemoryMarshal.GetReference(values);
            Vector512<float> bounds = Vector512.Create(bound);
            while (i <= values.Length - Vector512<float>.Count
                && !Vector512.GreaterThanAny(Vector512.LoadUnsafe(ref first, (nuint)i), bounds))
                i += Vector512<float>.Count;
        }
        else if (Vector256.IsHardwareAccelerated && !float.IsNaN(bound))
        {
            ref float first = ref MemoryMarshal.GetReference(values);
            Vector256<float> bounds = Vector256.Create(bound);
            while (i <= values.Length - Vector256<float>.Count
                && !Vector256.GreaterThanAny(Vector256.LoadUnsafe(ref first, (nuint)i), bounds))
                i += Vector256<float>.Count;
        }

        while (i < values.Length && values[i].CompareTo(bound) <= 0)
            i++;
        return i;
    }

    internal static int[] Scalar(ReadOnlySpan<float> values, int count)
    {
        float[] copy = values.ToArray();
        return [.. Enumerable.Range(0, copy.Length).OrderByDescending(i => copy[i]).ThenBy(i => i).Take(count)];
    }

    private static bool Before(ReadOnlySpan<float> values, int left, int right)
    {
        int order = values[left].CompareTo(values[right]);
        return order > 0 || (order == 0 && left < right);
    }

    private static void Sink(ReadOnlySpan<float> values, Span<int> heap, int root, int count)
    {
        while (true)
        {
            int worst = root;
            for (int child = 2 * root + 1; child <= Math.Min(2 * root + 2, count - 1); child++)
                if (Before(values, heap[worst], heap[child]))
                    worst = child;
            if (worst == root)
                return;
            (heap[root], heap[worst]) = (heap[worst], heap[root]);
            root = worst;
        }
    }
}
