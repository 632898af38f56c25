using Ashlar.Kernels;

namespace Ashlar.Inference.Decoding;

/// <summary>The search for one sentence's continuations: its groups of beams, their states, and what they may not write.</summary>
internal sealed class SentenceSearch : IDisposable
{
    private readonly ILanguageModel _model;
    private readonly BeamSearchOptions _options;
    private readonly ReadOnlyMemory<int> _prompt;
    private readonly BeamGroup[] _groups;
    private readonly List<ILogitsProcessor> _processors;
    private readonly List<BeamNode> _rows = [];
    private readonly List<BeamNode> _parents = [];
    private readonly List<int> _chosen = [];
    private double[] _totals = [];
    private int[] _history = [];

    public SentenceSearch(ILanguageModel model, BeamStart start, BeamSearchOptions options)
    {
        (_model, _options, _prompt) = (model, options, start.Prompt);
        // A token is chosen once more than the context has room for: the last one need not be read.
        int limit = start.MaxTokens ?? options.MaxTokens;
        if (model.ContextLength is { } context)
            limit = Math.Min(limit, Math.Max(1, context - start.State.Length - start.Prompt.Length + 1));
        BeamNode root = new(null, -1, 0) { State = start.State };
        _rows.Add(root);
        _groups = [.. Enumerable.Range(0, options.GroupCount).Select(_ => new BeamGroup(options, model.VocabularySize, limit, start.Trace))];
        foreach (BeamGroup group in _groups)
            group.Beams.Add(root);
        _processors = Constraints.Of(options, start.Prompt.Length, start.ForcedPrefix);
    }

    /// <summary>The open hypotheses, in the order of their logits.</summary>
    public IReadOnlyList<BeamNode> Rows => _rows;

    /// <summary>Tokens of each hypothesis that are looked at.</summary>
    public int CandidatesPerBeam => _groups[0].CandidatesPerBeam;

    public bool Done => _rows.Count == 0;

    /// <summary>The tokens that a hypothesis's state has not read.</summary>
    public ReadOnlyMemory<int> Unread(BeamNode node) => node.Parent is null ? _prompt : new[] { node.Token };

    public IReadOnlyList<BeamHypothesis> Result() =>
        [.. Distinct().OrderByDescending(hypothesis => hypothesis.Score).Take(_options.BeamCount)];

    // Groups may come to the same text by ways of their own.
    private IEnumerable<BeamHypothesis> Distinct() => _groups.Length == 1
        ? _groups[0].Finished
        : _groups.SelectMany(group => group.Finished).DistinctBy(hypothesis => string.Join(' ', hypothesis.Tokens));

    /// <summary>Chooses each hypothesis's next token.</summary>
    /// <param name="logits">[rows, vocabulary]; changed.</param>
    public void Step(Span<float> logits)
    {
        if (_totals.Length < _rows.Count)
            _totals = new double[_options.BeamCount];
        for (int i = 0; i < _rows.Count; i++)
        {
            BeamNode beam = _rows[i];
            beam.Row = i;
            Span<float> row = logits.Slice(i * _model.VocabularySize, _model.VocabularySize);
            _totals[i] = LogSoftmax.LogSumExp(row);
            DamagedLogits.Refuse(_totals[i]);
            if (_processors.Count > 0)
                Constrain(beam, row);
            if (_options.NeedsAttention)
                BeamAttention.Look(_model, beam.State!, beam, _options);
        }

        _chosen.Clear();
        foreach (BeamGroup group in _groups)
            if (!group.Done)
                group.Step(logits, _totals, _chosen);
        Branch();
    }

    /// <summary>Chooses each hypothesis's next token from the most probable ones.</summary>
    /// <param name="top">Results of all searches.</param>
    /// <param name="firstRow">This one's first row.</param>
    public void Step(TopTokens top, int firstRow)
    {
        for (int i = 0; i < _rows.Count; i++)
        {
            _rows[i].Row = i;
            if (_options.NeedsAttention)
                BeamAttention.Look(_model, _rows[i].State!, _rows[i], _options);
        }

        foreach (BeamGroup group in _groups)
            if (!group.Done)
                group.Step(top, firstRow);
        Branch();
    }

    public void Dispose()
    {
        foreach (BeamNode beam in _rows)
            beam.State?.Dispose();
        _rows.Clear();
    }

    private void Constrain(BeamNode beam, Span<float> row)
    {
        int length = _prompt.Length + beam.Length;
        if (_history.Length < length)
            _history = new int[Math.Max(length, 2 * _history.Length)];
        _prompt.Span.CopyTo(_history);
        beam.CopyTokens(_history.AsSpan(_prompt.Length));
        foreach (ILogitsProcessor processor in _processors)
            processor.Apply(_history.AsSpan(0, length), row);
    }

    // The first child goes on with its parent's state, its siblings with forks of it; parents without children are dropped.
    private void Branch()
    {
        _parents.Clear();
        _parents.AddRange(_rows);
        _rows.Clear();
        foreach (BeamGroup group in _groups)
        {
            foreach (BeamNode child in group.Beams)
            {
                // A sibling that came first has taken the state, which nobody has advanced yet.
                child.State = child.Parent!.State ?? _rows.First(other => other.Parent == child.Parent).State!.Fork();
                child.Parent.State = null;
                _rows.Add(child);
            }
        }

        foreach (BeamNode parent in _parents)
            parent.State?.Dispose();
    }
}
