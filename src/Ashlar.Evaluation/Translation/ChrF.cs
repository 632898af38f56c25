namespace Ashlar.Evaluation.Translation;

/// <summary>
/// chrF (Popović 2015) and chrF++ (Popović 2017), giving sacreBLEU's figures: F-beta of the means over the orders of precision
/// and recall of character n-grams, and of word n-grams for chrF++.
/// </summary>
public static class ChrF
{
    /// <summary>chrF of a corpus. With several references, each sentence counts against the one it matches best.</summary>
    /// <param name="hypotheses">The translations.</param>
    /// <param name="references">One or more sets of references, each as long as the hypotheses.</param>
    /// <param name="options">How it is computed.</param>
    /// <exception cref="InvalidDataException">There are no references, or a set is not as long as the hypotheses.</exception>
    public static TranslationScore Corpus(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, ChrFOptions? options = null)
    {
        options ??= new ChrFOptions();
        ReferenceSets.Check(hypotheses, references);
        OrderCount[] total = new OrderCount[options.CharacterOrder + options.WordOrder];
        for (int i = 0; i < hypotheses.Count; i++)
        {
            OrderCount[] best = Best(hypotheses[i], [.. references.Select(set => set[i])], options);
            for (int order = 0; order < total.Length; order++)
                total[order] = total[order].Plus(best[order]);
        }

        return new TranslationScore
        {
            Name = $"chrF{options.Beta}{new string('+', options.WordOrder)}",
            Value = F(total, options),
            Signature = options.Signature(references.Count),
        };
    }

    /// <summary>chrF of one sentence.</summary>
    public static TranslationScore Sentence(string hypothesis, IReadOnlyList<string> references, ChrFOptions? options = null) =>
        Corpus([hypothesis], [.. references.Select(reference => (string[])[reference])], options);

    private static OrderCount[] Best(string hypothesis, IReadOnlyList<string> references, ChrFOptions options)
    {
        Dictionary<WordRun, int>[] own = NGrams(hypothesis, options);
        OrderCount[] best = [];
        double highest = -1;
        foreach (string reference in references)
        {
            Dictionary<WordRun, int>[] other = NGrams(reference, options);
            OrderCount[] counts = [.. own.Zip(other, OrderCount.Of)];
            double score = F(counts, options);
            if (score > highest)
                (highest, best) = (score, counts);
        }

        return best;
    }

    private static double F(OrderCount[] counts, ChrFOptions options)
    {
        const double Epsilon = 1e-16;
        double weight = (double)options.Beta * options.Beta;
        double smoothed = 0, precisions = 0, recalls = 0;
        int orders = 0;
        foreach (OrderCount count in counts)
        {
            double precision = count.Hypothesis > 0 ? (double)count.Matches / count.Hypothesis : Epsilon;
            double recall = count.Reference > 0 ? (double)count.Matches / count.Reference : Epsilon;
            double denominator = weight * precision + recall;
            smoothed += denominator > 0 ? (1 + weight) * precision * recall / denominator : Epsilon;
            if (count.Hypothesis > 0 && count.Reference > 0)
            {
                precisions += precision;
                recalls += recall;
                orders++;
            }
        }

        if (options.EpsilonSmoothing)
            return 100 * smoothed / counts.Length;
        if (orders == 0 || precisions + recalls == 0)
            return 0;
        (double p, double r) = (precisions / orders, recalls / orders);
        return 100 * (1 + weight) * p * r / (weight * p + r);
    }

    // Character n-grams of each order, then word n-grams.
    private static Dictionary<WordRun, int>[] NGrams(string line, ChrFOptions options)
    {
        string text = options.Lowercase ? TextSegments.Lower(line) : line;
        string[] letters =
        [
            .. text.EnumerateRunes().Select(rune => rune.ToString()).Where(letter => options.KeepSpaces || !TextSegments.IsSpace(letter[0])),
        ];
        Dictionary<WordRun, int>[] counts = new Dictionary<WordRun, int>[options.CharacterOrder + options.WordOrder];
        for (int order = 1; order <= options.CharacterOrder; order++)
            counts[order - 1] = WordRun.Count(letters, order);
        string[] words = options.WordOrder > 0 ? Words(text) : [];
        for (int order = 1; order <= options.WordOrder; order++)
            counts[options.CharacterOrder + order - 1] = WordRun.Count(words, order);
        return counts;
    }

    // One punctuation mark is cut off a word, at its end or else at its beginning, as chrF++.py does.
    private static string[] Words(string text)
    {
        List<string> words = [];
        foreach (string word in TextSegments.Words(text))
        {
            bool single = word.Length == 1 || (word.Length == 2 && char.IsSurrogate(word[0]));
            if (!single && IsPunctuation(word[^1]))
                words.AddRange([word[..^1], word[^1..]]);
            else if (!single && IsPunctuation(word[0]))
                words.AddRange([word[..1], word[1..]]);
            else
                words.Add(word);
        }

        return [.. words];
    }

    private static bool IsPunctuation(char letter) => char.IsAscii(letter) && (char.IsPunctuation(letter) || char.IsSymbol(letter));

    // N-grams of one order: in the hypothesis, in the reference, in both.
    private readonly record struct OrderCount(long Hypothesis, long Reference, long Matches)
    {
        public static OrderCount Of(Dictionary<WordRun, int> hypothesis, Dictionary<WordRun, int> reference)
        {
            // Where the reference has no such n-gram, those of the hypothesis do not count.
            long own = reference.Count == 0 ? 0 : hypothesis.Values.Sum(count => (long)count);
            long matches = hypothesis.Sum(entry => (long)Math.Min(entry.Value, reference.GetValueOrDefault(entry.Key)));
            return new OrderCount(own, reference.Values.Sum(count => (long)count), matches);
        }

        public OrderCount Plus(OrderCount other) => new(Hypothesis + other.Hypothesis, Reference + other.Reference, Matches + other.Matches);
    }
}
