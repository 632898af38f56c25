namespace Ashlar.Training.Models.RecurrentTranslation;

/// <summary>
/// The order in which torch's recurrent operators take sentences of unequal length ("packed"): longest first, and for each time step
/// the sentences that still have a token. Padding takes no part, in either direction.
/// </summary>
internal sealed class PackedOrder
{
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="rowLength">Length of a padded row.</param>
    public PackedOrder(int[] lengths, int rowLength)
    {
        int[] order = [.. Enumerable.Range(0, lengths.Length).OrderByDescending(row => lengths[row])];
        TokenCount = lengths.Sum();
        Pack = new long[TokenCount];
        // A padded position reads the row after the last packed one, which is zero.
        Unpack = new long[lengths.Length * rowLength];
        Array.Fill(Unpack, TokenCount);
        BatchSizes = new long[lengths[order[0]]];
        int at = 0;
        for (int time = 0; time < BatchSizes.Length; time++)
        {
            foreach (int row in order.TakeWhile(row => lengths[row] > time))
            {
                Unpack[(row * rowLength) + time] = at;
                Pack[at++] = (row * rowLength) + time;
                BatchSizes[time]++;
            }
        }

        RowOf = new long[lengths.Length];
        for (int i = 0; i < order.Length; i++)
            RowOf[order[i]] = i;
    }

    /// <summary>Tokens of all rows.</summary>
    public int TokenCount { get; }

    /// <summary>For each packed token where it lies in the padded rows, [tokens].</summary>
    public long[] Pack { get; }

    /// <summary>For each padded position its packed token, or the number of tokens for padding, [rows · row length].</summary>
    public long[] Unpack { get; }

    /// <summary>Sentences that have a token at each time step.</summary>
    public long[] BatchSizes { get; }

    /// <summary>For each row its place in the packed order.</summary>
    public long[] RowOf { get; }
}
