namespace Ashlar.Training.Models.Transformer;

/// <summary>
/// One side of a batch with its sentences side by side and no padding between them, which is what every operation but attention
/// goes over; attention goes from sentence to sentence by their starts.
/// </summary>
internal sealed class PackedSentences
{
    private PackedSentences(int[] lengths)
    {
        Lengths = lengths;
        Starts = new int[lengths.Length];
        for (int i = 1; i < lengths.Length; i++)
            Starts[i] = Starts[i - 1] + lengths[i - 1];
        TokenCount = lengths.Sum();
        Longest = lengths.Max();
        Ids = new int[TokenCount];
        Positions = new int[TokenCount];
    }

    /// <summary>Tokens of each sentence.</summary>
    public int[] Lengths { get; }

    /// <summary>Where each sentence begins.</summary>
    public int[] Starts { get; }

    public int TokenCount { get; }

    public int Longest { get; }

    /// <summary>Token ids, [tokens].</summary>
    public int[] Ids { get; }

    /// <summary>Position of each token in its sentence, [tokens].</summary>
    public int[] Positions { get; }

    /// <summary>Packs padded rows.</summary>
    /// <param name="padded">[rows, rowLength].</param>
    /// <param name="rowLength">Length of a padded row.</param>
    /// <param name="lengths">Tokens of each row.</param>
    /// <param name="vocabularySize">Ids are below it.</param>
    /// <param name="maximumLength">The longest sentence that the model takes.</param>
    /// <exception cref="ArgumentException">An id or a length is out of range.</exception>
    public static PackedSentences Of(long[] padded, int rowLength, int[] lengths, int vocabularySize, int maximumLength)
    {
        PackedSentences packed = new(lengths);
        if (packed.Longest > maximumLength)
            throw new ArgumentException($"A sentence has {packed.Longest} tokens; the model's longest is {maximumLength}.");
        for (int row = 0; row < lengths.Length; row++)
        {
            for (int i = 0; i < lengths[row]; i++)
            {
                long id = padded[(row * rowLength) + i];
                if ((ulong)id >= (ulong)vocabularySize)
                    throw new ArgumentException($"Token {id} is not below {vocabularySize}.");
                packed.Ids[packed.Starts[row] + i] = (int)id;
                packed.Positions[packed.Starts[row] + i] = i;
            }
        }

        return packed;
    }
}
