using Ashlar.Kernels;

namespace Ashlar.Inference.Decoding;

/// <summary>
/// Keeps the most probable partial sequences instead of the single best token (Graves 2012; Wu et al. 2016, section 7, for
/// the length normalisation). Works with any language model: a hypothesis is a state, and a branch is a fork.
/// </summary>
public static class BeamSearch
{
    /// <summary>The best continuations, best first, at most as many as there are beams.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompt">At least one token.</param>
    /// <param name="options">Width, length and penalty.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <exception cref="ContextOverflowException">The prompt alone is too long.</exception>
    public static IReadOnlyList<BeamHypothesis> Search(
        ILanguageModel model, ReadOnlyMemory<int> prompt, BeamSearchOptions options, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BeamCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxTokens, 1);
        float[] logits = new float[options.BeamCount * model.VocabularySize];
        LanguageModelState start = model.NewState();
        List<Beam> beams = [new(start, [], 0)];
        List<BeamHypothesis> finished = [];
        // A token is chosen once more than the context has room for: the last one need not be read.
        int limit = model.ContextLength is { } context ? Math.Min(options.MaxTokens, Math.Max(1, context - prompt.Length + 1)) : options.MaxTokens;
        try
        {
            model.Advance(start, prompt, logits);
            for (int length = 1; ; length++)
            {
                cancellation.ThrowIfCancellationRequested();
                List<Candidate> next = Expand(model.VocabularySize, beams, logits, options, length, finished);
                if (length == limit || next.Count == 0 || Settled(finished, next, options, length, limit))
                {
                    foreach (Candidate candidate in next)
                        finished.Add(Finish([.. candidate.Parent.Tokens, candidate.Token], candidate.LogProbability, options, ended: false));
                    return [.. finished.OrderByDescending(hypothesis => hypothesis.Score).Take(options.BeamCount)];
                }

                beams = Branch(beams, next);
                model.Advance(
                    [.. beams.Select(beam => beam.State)],
                    [.. beams.Select(beam => (ReadOnlyMemory<int>)new[] { beam.Tokens[^1] })],
                    logits,
                    LogitsSelection.Last);
            }
        }
        finally
        {
            foreach (Beam beam in beams)
                beam.State.Dispose();
        }
    }

    private static double Score(double logProbability, int length, double penalty) => logProbability / Math.Pow(length, penalty);

    private static BeamHypothesis Finish(int[] tokens, double logProbability, BeamSearchOptions options, bool ended) =>
        new(tokens, logProbability, Score(logProbability, tokens.Length, options.LengthPenalty), ended);

    // The best continuations by one token: those that end join the finished, the others are returned, best first.
    private static List<Candidate> Expand(
        int vocabularySize, List<Beam> beams, float[] logits, BeamSearchOptions options, int length, List<BeamHypothesis> finished)
    {
        // Enough of each beam that its ended continuations cannot crowd out the open ones.
        int[] best = new int[Math.Min(options.BeamCount + options.StopIds.Count, vocabularySize)];
        List<Candidate> candidates = [];
        for (int i = 0; i < beams.Count; i++)
        {
            Span<float> row = logits.AsSpan(i * vocabularySize, vocabularySize);
            double total = LogSoftmax.LogSumExp(row);
            TopK.Indices(row, best);
            foreach (int token in best)
                if (row[token] > float.NegativeInfinity)
                    candidates.Add(new(beams[i], token, beams[i].LogProbability + (row[token] - total)));
        }

        List<Candidate> open = [];
        int rank = 0;
        foreach (Candidate candidate in candidates.OrderByDescending(c => c.LogProbability))
        {
            if (!options.StopIds.Contains(candidate.Token))
                open.Add(candidate);
            else if (rank < options.BeamCount)
                finished.Add(Finish([.. candidate.Parent.Tokens, candidate.Token], candidate.LogProbability, options, ended: true));
            if (open.Count == options.BeamCount)
                break;
            rank++;
        }

        return open;
    }

    // Whether no open hypothesis can still beat the worst of the finished ones that would be returned.
    private static bool Settled(List<BeamHypothesis> finished, List<Candidate> open, BeamSearchOptions options, int length, int limit)
    {
        if (finished.Count < options.BeamCount)
            return false;
        // Log-probabilities only fall. With a positive penalty a longer text may still score higher, at best at the limit.
        int bestLength = options.LengthPenalty > 0 ? limit : length + 1;
        double reachable = Score(open[0].LogProbability, bestLength, options.LengthPenalty);
        double worst = finished.Select(hypothesis => hypothesis.Score).OrderDescending().ElementAt(options.BeamCount - 1);
        if (reachable > worst)
            return false;
        open.Clear();
        return true;
    }

    // The first child goes on with its parent's state, its siblings with forks of it; parents without children are dropped.
    private static List<Beam> Branch(List<Beam> parents, List<Candidate> children)
    {
        HashSet<Beam> taken = [];
        List<LanguageModelState> states = [];
        foreach (Candidate child in children)
            states.Add(taken.Add(child.Parent) ? child.Parent.State : child.Parent.State.Fork());
        foreach (Beam parent in parents)
            if (!taken.Contains(parent))
                parent.State.Dispose();
        return [.. children.Select((child, i) => new Beam(states[i], [.. child.Parent.Tokens, child.Token], child.LogProbability))];
    }

    private sealed record Beam(LanguageModelState State, int[] Tokens, double LogProbability);

    private readonly record struct Candidate(Beam Parent, int Token, double LogProbability);
}
