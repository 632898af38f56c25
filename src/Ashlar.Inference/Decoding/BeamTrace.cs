namespace Ashlar.Inference.Decoding;

/// <summary>Every hypothesis that was in the beam of a search, those that fell out of it among them.</summary>
public sealed class BeamTrace
{
    private readonly List<TracedHypothesis> _hypotheses = [];

    /// <summary>The hypotheses as they came: each stands behind the one that it continues.</summary>
    public IReadOnlyList<TracedHypothesis> Hypotheses => _hypotheses;

    internal void Add(BeamNode node)
    {
        node.TraceIndex = _hypotheses.Count;
        _hypotheses.Add(new(node.Parent!.TraceIndex, node.Token, node.LogProbability));
    }
}

/// <summary>A hypothesis by its last token.</summary>
/// <param name="Parent">Index of the hypothesis without it; -1 at the beginning.</param>
/// <param name="Token">The last token.</param>
/// <param name="LogProbability">Natural logarithm of the probability of the whole.</param>
public readonly record struct TracedHypothesis(int Parent, int Token, double LogProbability);
