using Ashlar.Kernels;

namespace Ashlar.Inference.Decoding;

/// <summary>Draws continuations of many starts side by side.</summary>
public static class BatchSampling
{
    /// <summary>Draws as many continuations of each start as the options have beams; best first.</summary>
    /// <param name="model">The model.</param>
    /// <param name="starts">States and prompts; the states are disposed of.</param>
    /// <param name="sampling">How tokens are drawn. The draws of a start come from its index, whatever the others are.</param>
    /// <param name="options">Length, constraints and what is told; penalties only rank.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="InvalidDataException">An option is out of range, or asks a model without attention for it.</exception>
    public static IReadOnlyList<BeamHypothesis>[] Sample(
        ILanguageModel model,
        IReadOnlyList<BeamStart> starts,
        SamplingOptions sampling,
        BeamSearchOptions options,
        CancellationToken cancellation = default)
    {
        options.Validate();
        ulong seed = sampling.Seed ?? (ulong)Random.Shared.NextInt64();
        List<Draw> draws = [];
        for (int i = 0; i < starts.Count; i++)
        {
            for (int copy = 0; copy < options.BeamCount; copy++)
            {
                Xoshiro256 random = new(unchecked(seed + (ulong)starts[i].Index * 0x9E3779B97F4A7C15 + (ulong)copy));
                LanguageModelState state = copy == options.BeamCount - 1 ? starts[i].State : starts[i].State.Fork();
                draws.Add(new Draw(model, i, state, starts[i], sampling, options, random));
            }
        }

        List<BeamHypothesis>[] results = [.. starts.Select(_ => new List<BeamHypothesis>())];
        float[] logits = new float[draws.Count * model.VocabularySize];
        List<Draw> open = [.. draws];
        try
        {
            while (open.Count > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                model.Advance([.. open.Select(draw => draw.State)], [.. open.Select(draw => draw.Unread)], logits, LogitsSelection.Last);
                for (int i = 0; i < open.Count; i++)
                    if (open[i].Step(logits.AsSpan(i * model.VocabularySize, model.VocabularySize)) is { } hypothesis)
                        results[open[i].Start].Add(hypothesis);
                open.RemoveAll(draw => draw.Done);
            }
        }
        finally
        {
            foreach (Draw draw in draws)
                draw.State.Dispose();
        }

        return [.. results.Select(found => (IReadOnlyList<BeamHypothesis>)[.. found.OrderByDescending(hypothesis => hypothesis.Score)])];
    }

    private sealed class Draw
    {
        private readonly ILanguageModel _model;
        private readonly BeamSearchOptions _options;
        private readonly Sampler _sampler;
        private readonly List<int> _history;
        private readonly int _promptLength;
        private readonly int _limit;
        private readonly float[] _raw;
        private BeamNode _node = new(null, -1, 0);

        public Draw(
            ILanguageModel model, int index, LanguageModelState state, BeamStart start, SamplingOptions sampling, BeamSearchOptions options, RandomSource random)
        {
            (_model, Start, State, _options) = (model, index, state, options);
            _history = [.. start.Prompt.Span];
            _promptLength = _history.Count;
            _limit = start.MaxTokens ?? options.MaxTokens;
            if (model.ContextLength is { } context)
                _limit = Math.Min(_limit, Math.Max(1, context - state.Length - _promptLength + 1));
            _sampler = new Sampler(sampling, _promptLength, random, Constraints.Of(options, _promptLength, start.ForcedPrefix));
            _raw = new float[model.VocabularySize];
            Unread = start.Prompt;
        }

        public int Start { get; }

        public LanguageModelState State { get; }

        public ReadOnlyMemory<int> Unread { get; private set; }

        public bool Done { get; private set; }

        public BeamHypothesis? Step(Span<float> logits)
        {
            logits.CopyTo(_raw);
            double total = LogSoftmax.LogSumExp(_raw);
            DamagedLogits.Refuse(total);
            if (_options.NeedsAttention)
                BeamAttention.Look(_model, State, _node, _options);
            int token = _sampler.Select(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_history), logits);
            _node = new BeamNode(_node, token, _node.LogProbability + (_raw[token] - total));
            _history.Add(token);
            Unread = new[] { token };
            bool ended = _options.StopIds.Contains(token);
            Done = ended || _node.Length == _limit;
            return Done ? _node.Finish(_options, ended) : null;
        }
    }
}
