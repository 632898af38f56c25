namespace Ashlar.Evaluation;

/// <summary>
/// The cost of texts for those who know nothing of the past: every token equally likely (uniform), or as likely as it was
/// in the training text (unigram, with one added to every count so that an unseen token has a probability). A model
/// that learned anything costs less; both are printed beside it.
/// </summary>
public sealed class UnigramBaseline
{
    private readonly double[] _nats;
    private readonly string _name;

    private UnigramBaseline(string name, double[] nats) => (_name, _nats) = (name, nats);

    /// <summary>Number of tokens.</summary>
    public int VocabularySize => _nats.Length;

    /// <summary>Probability (count + 1) / (sum of counts + vocabulary).</summary>
    /// <param name="counts">[vocabulary]: how often each token occurs in the training text.</param>
    public static UnigramBaseline FromCounts(ReadOnlySpan<long> counts)
    {
        ArgumentOutOfRangeException.ThrowIfZero(counts.Length);
        double total = counts.Length;
        foreach (long count in counts)
            total += count;
        double[] nats = new double[counts.Length];
        for (int i = 0; i < nats.Length; i++)
            nats[i] = Math.Log(total) - Math.Log(counts[i] + 1.0);
        return new("unigram", nats);
    }

    /// <summary>Counts the tokens of the training text.</summary>
    /// <exception cref="InvalidDataException">A token is outside the vocabulary.</exception>
    public static UnigramBaseline FromTraining(IEnumerable<ReadOnlyMemory<int>> documents, int vocabularySize)
    {
        long[] counts = new long[vocabularySize];
        foreach (ReadOnlyMemory<int> document in documents)
            foreach (int token in document.Span)
                counts[Within(token, vocabularySize)]++;
        return FromCounts(counts);
    }

    /// <summary>Probability 1 / vocabulary.</summary>
    public static UnigramBaseline Uniform(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        double[] nats = new double[vocabularySize];
        Array.Fill(nats, Math.Log(vocabularySize));
        return new("uniform", nats);
    }

    /// <summary>Negative log-probability of a token.</summary>
    public double Nats(int token) => _nats[token];

    /// <summary>Scores the tokens that <see cref="Perplexity.Measure"/> scores with the same options.</summary>
    /// <exception cref="InvalidDataException">Nothing to score, or a token outside the vocabulary.</exception>
    public PerplexityResult Measure(IEnumerable<ReadOnlyMemory<int>> documents, TokenBytes vocabulary, PerplexityOptions? options = null)
    {
        CostTotal total = new(vocabulary);
        foreach (Window window in Window.Cut(documents, int.MaxValue / 2, int.MaxValue / 2, options?.BeginOfTextId))
        {
            for (int i = 0; i < window.Targets.Length; i++)
                total.Add(window.Targets.Span[i], window.Inputs.Span[i], _nats[Within(window.Targets.Span[i], VocabularySize)]);
        }

        return total.Result(_name, windowLength: 0, stride: 0);
    }

    private static int Within(int token, int vocabularySize) =>
        (uint)token < (uint)vocabularySize
            ? token
            : throw new InvalidDataException($"Token id {token} is outside the vocabulary of {vocabularySize}.");
}
