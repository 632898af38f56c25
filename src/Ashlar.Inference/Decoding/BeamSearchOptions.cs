namespace Ashlar.Inference.Decoding;

/// <summary>How wide, how long, how hypotheses are compared, and what they may not do.</summary>
public sealed record BeamSearchOptions
{
    /// <summary>Hypotheses kept at each step; 1 is greedy decoding.</summary>
    public int BeamCount { get; init; } = 4;

    /// <summary>Longest continuation, in tokens.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>Shortest continuation, in tokens before the one that ends it.</summary>
    public int MinTokens { get; init; }

    /// <summary>
    /// The exponent of <see cref="Normalization"/>, a hypothesis's end token counted: 0 compares probabilities, above 0 favours
    /// longer texts.
    /// </summary>
    public double LengthPenalty { get; init; }

    /// <summary>What the log-probability is divided by.</summary>
    public LengthNormalization Normalization { get; init; }

    /// <summary>
    /// Added to a score: this times the sum over source tokens of log(min(attention received, 1)) (Wu et al. 2016, equation 14); 0 for
    /// none. Needs a model with attention.
    /// </summary>
    public double CoveragePenalty { get; init; }

    /// <summary>No sequence of this many tokens occurs twice in a continuation; 0 lets them.</summary>
    public int NoRepeatNGram { get; init; }

    /// <summary>Tokens that are never written.</summary>
    public IReadOnlyList<int> SuppressedIds { get; init; } = [];

    /// <summary>Tokens that end a hypothesis.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>
    /// Groups that the beams are split into (diverse beam search, Vijayakumar et al. 2018); 1 is the common search. Must divide
    /// <see cref="BeamCount"/>.
    /// </summary>
    public int GroupCount { get; init; } = 1;

    /// <summary>Subtracted from a token's log-probability for each time an earlier group chose it at the same step; not part of scores.</summary>
    public double DiversityPenalty { get; init; }

    /// <summary>
    /// Whether hypotheses tell their probabilities and scores. Who only wants the text of greedy decoding can do without: the
    /// likeliest token is found without computing the logits of all. What is not told is NaN.
    /// </summary>
    public bool KeepScores { get; init; } = true;

    /// <summary>Whether hypotheses tell what each token looked at. Needs a model with attention.</summary>
    public bool KeepAttention { get; init; }

    /// <summary>Layer whose mean over heads is told and covered; null for the last.</summary>
    public int? AttentionLayer { get; init; }

    /// <summary>Whether more than the most probable tokens must be seen: something depends on what is written.</summary>
    internal bool NeedsAllLogits => GroupCount > 1 || NoRepeatNGram > 0 || MinTokens > 0;

    /// <summary>Whether the likeliest token is all that is read of a vocabulary.</summary>
    internal bool NeedsOnlyLikeliest => BeamCount == 1 && !KeepScores;

    internal bool NeedsAttention => KeepAttention || CoveragePenalty != 0;

    /// <summary>Checks every value.</summary>
    /// <exception cref="InvalidDataException">A value is out of range; the sentence names it.</exception>
    public void Validate()
    {
        Check(BeamCount >= 1, "beam", BeamCount, "1 or more");
        Check(MaxTokens >= 1, "maximum length", MaxTokens, "1 or more");
        Check(MinTokens >= 0, "minimum length", MinTokens, "0 or more");
        Check(MinTokens < MaxTokens, "minimum length", MinTokens, $"less than the maximum length ({MaxTokens})");
        Check(double.IsFinite(LengthPenalty), "length penalty", LengthPenalty, "a number");
        Check(CoveragePenalty is >= 0 and < double.PositiveInfinity, "coverage penalty", CoveragePenalty, "0 or more");
        Check(NoRepeatNGram >= 0, "no-repeat n-gram", NoRepeatNGram, "0 (off) or more");
        Check(GroupCount >= 1 && BeamCount % GroupCount == 0, "beam groups", GroupCount, $"a divisor of the beam ({BeamCount})");
        Check(DiversityPenalty is >= 0 and < double.PositiveInfinity, "diversity penalty", DiversityPenalty, "0 or more");

        static void Check(bool right, string name, double value, string expected)
        {
            if (!right)
                throw new InvalidDataException($"{name} is {value}; expected {expected}.");
        }
    }

    /// <summary>What a hypothesis is ranked by.</summary>
    internal double Score(double logProbability, int length, ReadOnlySpan<float> coverage)
    {
        double divisor = LengthPenalty == 0
            ? 1
            : Math.Pow(Normalization == LengthNormalization.Power ? length : (5 + length) / 6.0, LengthPenalty);
        double score = logProbability / divisor;
        if (CoveragePenalty != 0)
            foreach (float received in coverage)
                score += CoveragePenalty * Math.Log(Math.Clamp(received, 1e-10, 1));
        return score;
    }
}
