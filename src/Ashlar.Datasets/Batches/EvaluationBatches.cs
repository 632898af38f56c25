namespace Ashlar.Datasets.Batches;

/// <summary>Validation data in a fixed order, every target once.</summary>
public static class EvaluationBatches
{
    /// <summary>A stream in windows that follow one another without overlap.</summary>
    public static IEnumerable<TokenBatch> Windows(int[] tokens, int rows, int length) =>
        InRows(new TokenExample(tokens).Split(length), rows, length);

    /// <summary>Documents or conversations, one a row, padded to the longest of their batch.</summary>
    public static IReadOnlyList<TokenBatch> Documents(IReadOnlyList<TokenExample> examples, int rows, int length) =>
        new DocumentBatches(examples, rows, length);

    private static IEnumerable<TokenBatch> InRows(IEnumerable<TokenExample> pieces, int rows, int length)
    {
        foreach (TokenExample[] group in pieces.Chunk(rows))
        {
            RowBuilder builder = new(group.Length, Math.Min(length, group.Max(piece => piece.Ids.Length - 1)));
            for (int row = 0; row < group.Length; row++)
                builder.Add(row, group[row]);
            yield return builder.Build();
        }
    }
}
