namespace Ashlar.Training.Reporting.Pictures;

/// <summary>Attention weights of one kind, for every layer and head.</summary>
/// <param name="Name">What looks at what, such as <c>decoder to source</c>.</param>
/// <param name="Rows">Tokens that look: the target's, or the source's for an encoder.</param>
/// <param name="Columns">Tokens that are looked at.</param>
/// <param name="Layers">Number of layers.</param>
/// <param name="Heads">Heads in each.</param>
/// <param name="Weights">[layers, heads, rows, columns]; each row sums to 1.</param>
public sealed record AttentionMaps(string Name, IReadOnlyList<string> Rows, IReadOnlyList<string> Columns, int Layers, int Heads, float[] Weights)
{
    private int Size => Rows.Count * Columns.Count;

    /// <summary>The weights of a head, or the mean over what is not chosen.</summary>
    /// <param name="layer">Layer from 0; null for the mean over all.</param>
    /// <param name="head">Head from 0; null for the mean over all.</param>
    /// <returns>[rows, columns].</returns>
    /// <exception cref="InvalidDataException">There is no such layer or head.</exception>
    public float[] Choose(int? layer = null, int? head = null)
    {
        if (layer is { } l && (uint)l >= (uint)Layers)
            throw new InvalidDataException($"layer {l + 1} is not there; expected 1 to {Layers}.");
        if (head is { } h && (uint)h >= (uint)Heads)
            throw new InvalidDataException($"head {h + 1} is not there; expected 1 to {Heads}.");
        if (Weights.Length != Layers * Heads * Size)
            throw new ArgumentException($"{Weights.Length} weights for {Layers} layers, {Heads} heads, {Rows.Count} rows and {Columns.Count} columns.");
        float[] mean = new float[Size];
        int count = 0;
        for (int i = layer ?? 0; i < (layer + 1 ?? Layers); i++)
        {
            for (int j = head ?? 0; j < (head + 1 ?? Heads); j++, count++)
            {
                ReadOnlySpan<float> one = Weights.AsSpan((i * Heads + j) * Size, Size);
                for (int k = 0; k < Size; k++)
                    mean[k] += one[k];
            }
        }

        for (int k = 0; k < Size; k++)
            mean[k] /= count;
        return mean;
    }

    /// <summary>Says which layer and head, for a title.</summary>
    public string Describe(int? layer, int? head) => (layer, head, Layers, Heads) switch
    {
        (_, _, 1, 1) => Name,
        (null, null, _, _) => $"{Name}, mean of all heads",
        ({ } l, null, _, 1) => $"{Name}, layer {l + 1}",
        ({ } l, null, _, _) => $"{Name}, layer {l + 1}, mean of its heads",
        (null, { } h, _, _) => $"{Name}, head {h + 1}, mean of the layers",
        ({ } l, { } h, _, _) => $"{Name}, layer {l + 1}, head {h + 1}",
    };
}
