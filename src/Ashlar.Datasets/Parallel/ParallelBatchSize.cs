namespace Ashlar.Datasets.Parallel;

/// <summary>How much goes into one batch of pairs.</summary>
public sealed record ParallelBatchSize
{
    /// <summary>
    /// Most tokens of the longer side, padding included: rows x longest, as fairseq's <c>--max-tokens</c>. 0 means no limit.
    /// </summary>
    public int Tokens { get; init; } = 4096;

    /// <summary>Most pairs. 0 means no limit.</summary>
    public int Pairs { get; init; }

    /// <summary>Lengths this close share a bucket: 1 pads least, more mixes better.</summary>
    public int BucketWidth { get; init; } = 1;

    /// <summary>Cuts examples in the given order, already sorted by length, into batches.</summary>
    internal List<int[]> Cut(IReadOnlyList<ParallelExample> examples, ReadOnlySpan<int> order)
    {
        List<int[]> batches = [];
        int start = 0;
        int longest = 0;
        for (int at = 0; at < order.Length; at++)
        {
            int size = Longer(examples[order[at]]);
            int rows = at - start + 1;
            if (rows > 1 && ((Tokens > 0 && (long)rows * Math.Max(longest, size) > Tokens) || (Pairs > 0 && rows > Pairs)))
            {
                batches.Add(order[start..at].ToArray());
                (start, longest) = (at, 0);
            }

            longest = Math.Max(longest, size);
        }

        if (start < order.Length)
            batches.Add(order[start..].ToArray());
        return batches;
    }

    /// <summary>Sorts by the bucket of the longer side, then of the source, then of the target; equals keep their order.</summary>
    internal int[] Sort(IReadOnlyList<ParallelExample> examples, int[] order) =>
    [
        .. order
            .OrderBy(index => (Longer(examples[index]) + BucketWidth - 1) / BucketWidth)
            .ThenBy(index => (examples[index].Source.Length + BucketWidth - 1) / BucketWidth)
            .ThenBy(index => (examples[index].TargetSteps + BucketWidth - 1) / BucketWidth),
    ];

    /// <summary>Rejects sizes that make no batches.</summary>
    internal void Check(IReadOnlyList<ParallelExample> examples)
    {
        if (Tokens <= 0 && Pairs <= 0)
            throw new InvalidDataException("a batch needs a size; expected a number of tokens or of pairs above 0.");
        if (BucketWidth < 1)
            throw new InvalidDataException($"bucket width {BucketWidth} is too small; expected at least 1.");
        if (examples.Count == 0)
            throw new InvalidDataException("the parallel text holds no pair that passes the length filter.");
        int longest = examples.Max(Longer);
        if (Tokens > 0 && longest > Tokens)
            throw new InvalidDataException($"a pair has {longest} tokens on one side and a batch holds {Tokens}; expected larger batches or a filter on length.");
    }

    private static int Longer(ParallelExample example) => Math.Max(example.Source.Length, example.TargetSteps);
}
