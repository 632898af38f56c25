namespace Ashlar.Inference.Decoding;

/// <summary>How wide, how long, and how lengths are compared.</summary>
public sealed record BeamSearchOptions
{
    /// <summary>Hypotheses kept at each step.</summary>
    public int BeamCount { get; init; } = 4;

    /// <summary>Longest continuation, in tokens.</summary>
    public int MaxTokens { get; init; } = 64;

    /// <summary>
    /// A hypothesis scores log-probability / length^penalty, its end token counted: 0 compares probabilities, above 0 favours
    /// longer texts.
    /// </summary>
    public double LengthPenalty { get; init; }

    /// <summary>Tokens that end a hypothesis.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];
}

/// <summary>A continuation that beam search found.</summary>
/// <param name="Tokens">The continuation, without the prompt; with its end token, if it ended.</param>
/// <param name="LogProbability">Natural logarithm of its probability after the prompt.</param>
/// <param name="Score">What it was ranked by.</param>
/// <param name="Ended">Whether it ended with a stop id rather than at the length limit.</param>
public sealed record BeamHypothesis(IReadOnlyList<int> Tokens, double LogProbability, double Score, bool Ended);
