namespace Ashlar.Evaluation.Translation;

/// <summary>
/// BLEU (Papineni et al. 2002), giving the figures of sacreBLEU (Post 2018):
/// BP * exp(sum over n of log p_n / N), where p_n is the share of the hypotheses' n-grams that a reference has, clipped to how
/// often it has them, and BP = exp(1 - r/c) when the hypotheses (c words) are shorter than the references (r words).
/// </summary>
public static class Bleu
{
    /// <summary>BLEU of a corpus.</summary>
    /// <param name="hypotheses">The translations, detokenised unless the tokenizer is <see cref="BleuTokenizer.None"/>.</param>
    /// <param name="references">One or more sets of reference translations, each as long as the hypotheses.</param>
    /// <param name="options">How it is computed.</param>
    /// <exception cref="InvalidDataException">There are no references, or a set is not as long as the hypotheses.</exception>
    public static BleuScore Corpus(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, BleuOptions? options = null)
    {
        options ??= new BleuOptions();
        ReferenceSets.Check(hypotheses, references);
        BleuStatistics statistics = new(options.MaximumOrder);
        for (int i = 0; i < hypotheses.Count; i++)
            statistics.Add(Words(hypotheses[i], options), [.. references.Select(set => Words(set[i], options))]);
        return Score(statistics, options, references.Count);
    }

    /// <summary>
    /// BLEU of one sentence. It leaves out orders that the sentence is too short for
    /// (<see cref="BleuOptions.EffectiveOrder"/>) unless told otherwise.
    /// </summary>
    public static BleuScore Sentence(string hypothesis, IReadOnlyList<string> references, BleuOptions? options = null) =>
        Corpus([hypothesis], [.. references.Select(reference => (string[])[reference])], options ?? new BleuOptions { EffectiveOrder = true });

    internal static BleuScore Score(BleuStatistics statistics, BleuOptions options, int references)
    {
        double[] matches = [.. statistics.Matches];
        double[] totals = [.. statistics.Totals];
        double[] precisions = new double[matches.Length];
        (long c, long r) = (statistics.HypothesisLength, statistics.ReferenceLength);
        double brevity = c >= r ? 1 : c > 0 ? Math.Exp(1 - (double)r / c) : 0;
        double score = 0;
        if (matches.Any(count => count > 0))
        {
            int orders = Precisions(matches, totals, precisions, options);
            // A precision of 0 makes the score 0; the floor of the logarithm is what sacreBLEU takes for it.
            score = brevity * Math.Exp(precisions.Take(orders).Sum(p => p == 0 ? -9999999999 : Math.Log(p)) / orders);
        }

        return new BleuScore
        {
            Name = "BLEU",
            Value = score,
            Signature = options.Signature(references),
            Matches = matches,
            Totals = totals,
            Precisions = precisions,
            BrevityPenalty = brevity,
            HypothesisLength = c,
            ReferenceLength = r,
        };
    }

    // Fills the precisions and gives the number of orders that the mean is over.
    private static int Precisions(double[] matches, double[] totals, double[] precisions, BleuOptions options)
    {
        double half = 1;
        int orders = matches.Length;
        for (int n = 0; n < matches.Length; n++)
        {
            if (options.Smoothing == BleuSmoothing.AddK && n > 0)
            {
                matches[n] += options.Amount!.Value;
                totals[n] += options.Amount!.Value;
            }

            if (totals[n] == 0)
                break;
            if (options.EffectiveOrder)
                orders = n + 1;
            if (matches[n] > 0)
                precisions[n] = 100 * matches[n] / totals[n];
            else if (options.Smoothing == BleuSmoothing.Exponential)
                precisions[n] = 100 / ((half *= 2) * totals[n]);
            else if (options.Smoothing == BleuSmoothing.Floor)
                precisions[n] = 100 * options.Amount!.Value / totals[n];
        }

        return orders;
    }

    private static string[] Words(string line, BleuOptions options)
    {
        string text = options.Lowercase ? TextSegments.Lower(line) : line;
        return BleuTokenizers.Words(options.Tokenizer, TextSegments.TrimEnd(text));
    }
}
