using Ashlar.Inference.Models.NGrams;

namespace Ashlar.Training.NGrams;

/// <summary>How counts become a model.</summary>
public sealed record NGramEstimatorOptions
{
    /// <summary>The smoothing; not <see cref="NGramSmoothing.BackOff"/>.</summary>
    public required NGramSmoothing Smoothing { get; init; }

    /// <summary>What add-k adds.</summary>
    public double K { get; init; } = 1;

    /// <summary>Discounts for all orders, one or three, instead of the estimated ones; empty to estimate.</summary>
    public IReadOnlyList<double> Discounts { get; init; } = [];

    /// <summary>
    /// The fewest occurrences of an n-gram that is kept, by order from 1; the last one goes on for higher orders. What is left out
    /// still counts in the denominators, so its share goes to the lower order. Order 1 keeps everything.
    /// </summary>
    public IReadOnlyList<int> MinimumCounts { get; init; } = [];

    /// <summary>The token before a sentence, or -1.</summary>
    public int BeginId { get; init; } = -1;

    /// <summary>The token that ends a sentence, or -1.</summary>
    public int EndId { get; init; } = -1;
}

/// <summary>Turns occurrences into the tables of a model: continuation counts, discounts, and without what is too rare.</summary>
public static class NGramEstimator
{
    /// <summary>Estimates a model and writes it.</summary>
    /// <param name="counts">Occurrences.</param>
    /// <param name="options">Smoothing.</param>
    /// <param name="path">The <c>model.ngram</c> to write.</param>
    /// <exception cref="InvalidDataException">An option is impossible.</exception>
    public static NGramHeader Write(NGramCounts counts, NGramEstimatorOptions options, string path)
    {
        int[] minimum = Minimum(options.MinimumCounts, counts.Order);
        bool kneserNey = options.Smoothing.CountsContinuations();
        uint[][] adjusted = kneserNey
            ? ContinuationCounts.Of(counts, options.BeginId)
            : [.. counts.Tables.Select(table => table.Counts)];
        NGramHeader header = new()
        {
            Order = counts.Order,
            VocabularySize = counts.VocabularySize,
            Smoothing = options.Smoothing,
            K = options.Smoothing == NGramSmoothing.AddK ? options.K : 0,
            BeginId = options.BeginId,
            EndId = options.EndId,
            Discounts = kneserNey ? [.. adjusted.Select(order => Discounts(options, order))] : [],
        };
        header.Validate();
        NGramFileWriter.Write(path, header, Tables(counts, adjusted, minimum, options.Smoothing));
        return header;
    }

    private static double[] Discounts(NGramEstimatorOptions options, uint[] counts) => options.Discounts.Count switch
    {
        0 when options.Smoothing == NGramSmoothing.KneserNey => KneserNeyDiscounts.One(KneserNeyDiscounts.CountOfCounts(counts)),
        0 => KneserNeyDiscounts.Three(KneserNeyDiscounts.CountOfCounts(counts)),
        1 => [options.Discounts[0], options.Discounts[0], options.Discounts[0]],
        3 => [.. options.Discounts],
        int other => throw new InvalidDataException($"{other} discounts were given; expected one, three, or none to estimate them."),
    };

    private static int[] Minimum(IReadOnlyList<int> given, int order)
    {
        int[] minimum = new int[order];
        for (int i = 0; i < order; i++)
        {
            minimum[i] = given.Count == 0 ? 1 : given[Math.Min(i, given.Count - 1)];
            if (minimum[i] < 1 || (i > 0 && minimum[i] < minimum[i - 1]))
                throw new InvalidDataException($"the minimum counts are {string.Join(", ", given)}; expected numbers from 1 on that do not fall with the order.");
        }

        return minimum;
    }

    private static List<NGramTable> Tables(NGramCounts counts, uint[][] adjusted, int[] minimum, NGramSmoothing smoothing)
    {
        List<NGramTable> tables = [new NGramTable { Counts = adjusted[0] }];
        int[] kept = []; // of each n-gram of the order below, its number among those kept, or -1; empty if all are
        for (int order = 2; order <= counts.Order; order++)
        {
            NGramTable lower = tables[^1];
            NGramCountTable all = counts.Tables[order - 1];
            uint[] starts = counts.Starts[order - 2];
            if (minimum[order - 1] <= 1)
            {
                lower.Starts = starts;
                tables.Add(new NGramTable { Words = all.Words, Counts = adjusted[order - 1] });
                continue;
            }

            int size = all.Counts.Count(count => count >= minimum[order - 1]);
            int[] words = new int[size];
            uint[] values = new uint[size];
            int[] keptHere = new int[all.Words.Length];
            uint[] newStarts = new uint[lower.Count + 1], denominators = new uint[lower.Count];
            int next = 0;
            for (int context = 0; context < starts.Length - 1; context++)
            {
                int at = kept.Length == 0 ? context : kept[context];
                ulong total = 0;
                for (uint i = starts[context]; i < starts[context + 1]; i++)
                {
                    uint value = adjusted[order - 1][i];
                    total += value + (smoothing == NGramSmoothing.WittenBell && value > 0 ? 1u : 0);
                    keptHere[i] = -1;
                    if (at < 0 || all.Counts[i] < minimum[order - 1])
                        continue;
                    keptHere[i] = next;
                    words[next] = all.Words[i];
                    values[next++] = value;
                }

                if (at < 0)
                    continue;
                newStarts[at + 1] = (uint)next;
                denominators[at] = checked((uint)total);
            }

            lower.Starts = newStarts;
            lower.Denominators = denominators;
            kept = keptHere;
            tables.Add(new NGramTable { Words = words, Counts = values });
        }

        return tables;
    }
}
