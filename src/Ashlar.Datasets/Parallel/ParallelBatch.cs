using Ashlar.Datasets.Batches;

namespace Ashlar.Datasets.Parallel;

/// <summary>
/// Rows of sources with the decoder's inputs and targets: <c>&lt;s&gt; a b</c> against <c>a b &lt;/s&gt;</c>. All arrays are
/// row-major; what stays free on the right is padding.
/// </summary>
public sealed class ParallelBatch
{
    /// <summary>Number of pairs.</summary>
    public required int Rows { get; init; }

    /// <summary>Tokens of the longest source.</summary>
    public required int SourceLength { get; init; }

    /// <summary>Decoder steps of the longest target.</summary>
    public required int TargetLength { get; init; }

    /// <summary>Source ids, [rows, sourceLength], padded with the padding id.</summary>
    public required long[] Source { get; init; }

    /// <summary>Tokens of each source, [rows].</summary>
    public required int[] SourceLengths { get; init; }

    /// <summary>What the decoder is given, [rows, targetLength]: the begin token and the target, padded with the padding id.</summary>
    public required long[] DecoderInputs { get; init; }

    /// <summary>What it is to predict, [rows, targetLength]: the target and the end token; padding is <see cref="TokenBatch.Ignored"/>.</summary>
    public required long[] Targets { get; init; }

    /// <summary>Decoder steps of each row, [rows].</summary>
    public required int[] TargetLengths { get; init; }

    /// <summary>Which example each row is, [rows], so that results can be put back in order.</summary>
    public required int[] Indices { get; init; }

    /// <summary>Targets that are supervised.</summary>
    public int SupervisedCount => TargetLengths.Sum();

    /// <summary>Which source positions hold tokens, [rows, sourceLength]: true is a token.</summary>
    public bool[] SourceMask() => Mask(SourceLengths, SourceLength);

    /// <summary>Which target positions hold tokens, [rows, targetLength]: true is a token.</summary>
    public bool[] TargetMask() => Mask(TargetLengths, TargetLength);

    /// <summary>Lays examples into a batch.</summary>
    /// <param name="examples">All examples.</param>
    /// <param name="indices">Those of this batch, one a row.</param>
    /// <param name="tokens">Begin, end and padding.</param>
    public static ParallelBatch Of(IReadOnlyList<ParallelExample> examples, IReadOnlyList<int> indices, ParallelTokens tokens)
    {
        int rows = indices.Count;
        int sourceLength = indices.Max(index => examples[index].Source.Length);
        int targetLength = indices.Max(index => examples[index].TargetSteps);
        long[] source = new long[rows * sourceLength];
        long[] inputs = new long[rows * targetLength];
        long[] targets = new long[rows * targetLength];
        Array.Fill(source, tokens.SourcePadding);
        Array.Fill(inputs, tokens.TargetPadding);
        Array.Fill(targets, TokenBatch.Ignored);
        for (int row = 0; row < rows; row++)
        {
            ParallelExample example = examples[indices[row]];
            for (int i = 0; i < example.Source.Length; i++)
                source[row * sourceLength + i] = example.Source[i];
            int at = row * targetLength;
            inputs[at] = tokens.Begin;
            for (int i = 0; i < example.Target.Length; i++)
            {
                inputs[at + i + 1] = example.Target[i];
                targets[at + i] = example.Target[i];
            }

            targets[at + example.Target.Length] = tokens.End;
        }

        return new ParallelBatch
        {
            Rows = rows,
            SourceLength = sourceLength,
            TargetLength = targetLength,
            Source = source,
            SourceLengths = [.. indices.Select(index => examples[index].Source.Length)],
            DecoderInputs = inputs,
            Targets = targets,
            TargetLengths = [.. indices.Select(index => examples[index].TargetSteps)],
            Indices = [.. indices],
        };
    }

    private static bool[] Mask(int[] lengths, int width)
    {
        bool[] mask = new bool[lengths.Length * width];
        for (int row = 0; row < lengths.Length; row++)
            mask.AsSpan(row * width, lengths[row]).Fill(true);
        return mask;
    }
}
