namespace Ashlar.Datasets.Batches;

/// <summary>Rows of tokens with the tokens that follow them; all arrays are row-major, [rows, length].</summary>
public sealed class TokenBatch
{
    /// <summary>The target that is not supervised.</summary>
    public const long Ignored = -100;

    /// <summary>Number of rows.</summary>
    public required int Rows { get; init; }

    /// <summary>Tokens in a row.</summary>
    public required int Length { get; init; }

    /// <summary>Token ids.</summary>
    public required long[] Inputs { get; init; }

    /// <summary>The token after each input, or <see cref="Ignored"/>.</summary>
    public required long[] Targets { get; init; }

    /// <summary>Position of each token in its document; null when rows are one stretch of text each.</summary>
    public long[]? Positions { get; init; }

    /// <summary>Index of each token's document within its row: attention never crosses it. Null as above.</summary>
    public long[]? Documents { get; init; }

    /// <summary>Whether each row goes on where the same row of the batch before ended, so that a model may carry its state over.</summary>
    public bool Continues { get; init; }

    /// <summary>Targets that are supervised.</summary>
    public int SupervisedCount => Targets.Count(target => target != Ignored);
}
