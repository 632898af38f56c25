namespace Ashlar.Datasets.Parallel;

/// <summary>Which pairs are worth training on, by their lengths in tokens (without tags, begin and end). 0 means no limit.</summary>
public sealed record ParallelFilter
{
    /// <summary>Fewest tokens on either side; 1 drops pairs with an empty side.</summary>
    public int MinimumLength { get; init; } = 1;

    /// <summary>Most tokens in a source.</summary>
    public int MaximumSourceLength { get; init; }

    /// <summary>Most tokens in a target.</summary>
    public int MaximumTargetLength { get; init; }

    /// <summary>Most tokens of the longer side for each token of the shorter, as Moses' <c>clean-corpus-n</c> (there 9).</summary>
    public double MaximumRatio { get; init; }

    /// <summary>Whether a pair of these lengths stays.</summary>
    public bool Keeps(int sourceLength, int targetLength)
    {
        if (Math.Min(sourceLength, targetLength) < MinimumLength)
            return false;
        if (MaximumSourceLength > 0 && sourceLength > MaximumSourceLength)
            return false;
        if (MaximumTargetLength > 0 && targetLength > MaximumTargetLength)
            return false;
        return MaximumRatio <= 0
            || Math.Max(sourceLength, targetLength) <= MaximumRatio * Math.Min(sourceLength, targetLength);
    }
}
