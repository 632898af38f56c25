using System.Runtime.InteropServices;
using Ashlar.Kernels;

namespace Ashlar.Inference.Decoding;

/// <summary>
/// Beams that compete with each other: all of a common search, or one group of a diverse one. What has ended is frozen; the
/// group is done when no open hypothesis can still beat the worst of the ended ones that would be kept.
/// </summary>
internal sealed class BeamGroup(BeamSearchOptions options, int vocabularySize, int limit, BeamTrace? trace)
{
    private readonly int _width = options.BeamCount / options.GroupCount;
    private readonly List<Candidate> _candidates = [];
    private readonly List<float> _before = [];
    // Enough of each beam that its ended continuations cannot crowd out the open ones.
    private readonly int[] _best = new int[Math.Min(options.BeamCount / options.GroupCount + options.StopIds.Count, vocabularySize)];

    /// <summary>The open hypotheses, best first.</summary>
    public List<BeamNode> Beams { get; private set; } = [];

    public List<BeamHypothesis> Finished { get; } = [];

    public bool Done { get; private set; }

    /// <summary>Tokens of each hypothesis that are looked at.</summary>
    public int CandidatesPerBeam => _best.Length;

    /// <summary>One token more, from each hypothesis's most probable ones.</summary>
    /// <param name="top">At least as many as <see cref="CandidatesPerBeam"/>, unless all are there; the first is enough for greedy decoding.</param>
    /// <param name="firstRow">Row of the sentence's first hypothesis.</param>
    /// <exception cref="InvalidDataException">The logits are not numbers.</exception>
    public void Step(TopTokens top, int firstRow)
    {
        _candidates.Clear();
        foreach (BeamNode beam in Beams)
        {
            ReadOnlySpan<int> ids = top.Ids(firstRow + beam.Row);
            ReadOnlySpan<float> logits = top.Logits(firstRow + beam.Row);
            double total = top.Total(firstRow + beam.Row);
            // Something is always allowed here: no candidate means that no logit is a number.
            if (ids[0] < 0 || !float.IsFinite(logits[0]))
                throw DamagedLogits.Error();
            if (top.KeepsTotals)
                DamagedLogits.Refuse(total);
            for (int i = 0; i < ids.Length && ids[i] >= 0; i++)
                _candidates.Add(new(beam, ids[i], logits[i] - total, logits[i] - total, _candidates.Count));
        }

        Choose();
    }

    /// <summary>One token more.</summary>
    /// <param name="logits">[rows, vocabulary] of the sentence; a group's rows are changed and restored.</param>
    /// <param name="totals">Logarithm of the sum of each row's exponentials.</param>
    /// <param name="chosen">Tokens that earlier groups chose at this step; the group adds its own.</param>
    public void Step(Span<float> logits, ReadOnlySpan<double> totals, List<int> chosen)
    {
        _candidates.Clear();
        foreach (BeamNode beam in Beams)
        {
            Span<float> row = logits.Slice(beam.Row * vocabularySize, vocabularySize);
            Penalise(row, chosen);
            TopK.Indices(row, _best);
            int first = _candidates.Count;
            foreach (int token in _best)
                if (row[token] > float.NegativeInfinity)
                    _candidates.Add(new(beam, token, row[token] - totals[beam.Row], 0, _candidates.Count));
            Restore(row, chosen);
            // What it is worth does not know of the penalty.
            foreach (ref Candidate candidate in CollectionsMarshal.AsSpan(_candidates)[first..])
                candidate = candidate with { Own = row[candidate.Token] - totals[beam.Row] };
        }

        Choose();
        if (options.DiversityPenalty > 0)
            chosen.AddRange(Beams.Select(beam => beam.Token));
    }

    // Goes on with the best candidates, if there is still something to win.
    private void Choose()
    {
        _candidates.Sort();
        List<BeamNode> open = Take();
        int length = Beams[0].Length + 1;
        if (open.Count == 0 && Finished.Count == 0)
        {
            // Every continuation is forbidden.
            Finished.AddRange(Beams.Where(beam => beam.Length > 0).Select(beam => beam.Finish(options, ended: false)));
            Done = true;
        }
        else if (open.Count == 0 || Settled(open[0], length))
        {
            Done = true;
        }
        else if (length == limit)
        {
            Finished.AddRange(open.Select(beam => beam.Finish(options, ended: false)));
            Done = true;
        }

        if (Done)
            open.Clear();
        Beams = open;
    }

    private void Penalise(Span<float> row, List<int> tokens)
    {
        _before.Clear();
        foreach (int token in tokens)
        {
            _before.Add(row[token]);
            row[token] -= (float)options.DiversityPenalty;
        }
    }

    private void Restore(Span<float> row, List<int> tokens)
    {
        for (int i = tokens.Count - 1; i >= 0; i--)
            row[tokens[i]] = _before[i];
    }

    // The best candidates: those that end join the finished, the others go on.
    private List<BeamNode> Take()
    {
        List<BeamNode> open = new(_width);
        for (int rank = 0; rank < _candidates.Count && open.Count < _width; rank++)
        {
            (BeamNode parent, int token) = (_candidates[rank].Parent, _candidates[rank].Token);
            BeamNode child = new(parent, token, parent.LogProbability + _candidates[rank].Own);
            bool ended = options.StopIds.Contains(token);
            if (ended && rank >= _width)
                continue;
            trace?.Add(child);
            if (ended)
                Finished.Add(child.Finish(options, ended: true));
            else
                open.Add(child);
        }

        return open;
    }

    private bool Settled(BeamNode best, int length)
    {
        if (Finished.Count < _width)
            return false;
        // Greedy decoding ends with the first end token, however lengths are weighed.
        if (_width == 1)
            return true;
        // Log-probabilities only fall. With a positive penalty a longer text may still score higher, at best at the limit.
        int bestLength = options.LengthPenalty > 0 ? limit : length + 1;
        double reachable = options.Score(best.LogProbability, bestLength, []);
        return reachable <= Finished.Select(hypothesis => hypothesis.Score).OrderDescending().ElementAt(_width - 1);
    }

    // LogProbability decides, with whatever penalty; Own is what is kept.
    private readonly record struct Candidate(BeamNode Parent, int Token, double LogProbability, double Own, int Order) : IComparable<Candidate>
    {
        private double Value => Parent.LogProbability + LogProbability;

        public int CompareTo(Candidate other)
        {
            int order = other.Value.CompareTo(Value);
            return order != 0 ? order : Order.CompareTo(other.Order);
        }
    }
}
