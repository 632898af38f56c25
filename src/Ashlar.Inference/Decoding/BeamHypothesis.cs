namespace Ashlar.Inference.Decoding;

/// <summary>A continuation that a search found.</summary>
/// <param name="Tokens">The continuation, without the prompt; with its end token, if it ended.</param>
/// <param name="LogProbability">Natural logarithm of its probability after the prompt; NaN if <see cref="BeamSearchOptions.KeepScores"/> let it be left out.</param>
/// <param name="Score">What it was ranked by; NaN like the former.</param>
/// <param name="Ended">Whether it ended with a stop id rather than at the length limit.</param>
public sealed record BeamHypothesis(IReadOnlyList<int> Tokens, double LogProbability, double Score, bool Ended)
{
    /// <summary>For each token the weights of the source tokens it was chosen by, if that was asked for.</summary>
    public IReadOnlyList<float[]>? Attention { get; init; }
}

/// <summary>Where a search begins.</summary>
/// <param name="State">A state that has read nothing of the prompt (but perhaps a source); the search uses it up.</param>
/// <param name="Prompt">At least one token to read first.</param>
public sealed record BeamStart(LanguageModelState State, ReadOnlyMemory<int> Prompt)
{
    /// <summary>Longest continuation of this one; null for the options'.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Which text of all it is: chooses its draws, so that they do not depend on the batch.</summary>
    public long Index { get; init; }

    /// <summary>Is told every hypothesis that was in the beam; null for nobody.</summary>
    public BeamTrace? Trace { get; init; }

    /// <summary>Tokens that the continuation must begin with.</summary>
    public ReadOnlyMemory<int> ForcedPrefix { get; init; }
}
