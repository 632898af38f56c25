using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models.Transformer;
using Ashlar.Inference.Tests.Models.Transformer;

namespace Ashlar.Inference.Tests.Decoding;

public sealed class BeamConstraintTests
{
    private const int Stop = 2;

    // Ends at once with 0.4; or goes on with 0.6 and then ends with 0.5: probabilities 0.4 and 0.3.
    private static readonly TableModel ShortOrLong = new(3, history => history.Count == 1 ? [0, 0.6, 0.4] : [0.3, 0.2, 0.5]);

    [Fact]
    public void The_published_length_penalty()
    {
        BeamSearchOptions options = new() { BeamCount = 2, MaxTokens = 2, StopIds = [Stop], Normalization = LengthNormalization.Google };
        Assert.Equal([Stop], Search(ShortOrLong, options with { LengthPenalty = 1 })[0].Tokens);
        // ((5 + 2) / 6)^2 = 1.3611 makes log 0.3 (-1.204) -0.8845, above log 0.4 (-0.9163) over ((5 + 1) / 6)^2 = 1.
        BeamHypothesis best = Search(ShortOrLong, options with { LengthPenalty = 2 })[0];
        Assert.Equal([1, Stop], best.Tokens);
        Assert.Equal(Math.Log(0.3) / Math.Pow(7.0 / 6, 2), best.Score, 1e-6);
    }

    [Fact]
    public void A_minimum_length_forbids_the_early_end()
    {
        BeamHypothesis best = Search(ShortOrLong, new() { BeamCount = 2, MaxTokens = 3, StopIds = [Stop], MinTokens = 2 })[0];
        // 0.6 * 0.3 * 0.5: the longer one by the likelier second token; its probability is the model's own.
        Assert.Equal([1, 0, Stop], best.Tokens);
        Assert.Equal(Math.Log(0.6 * 0.3 * 0.5), best.LogProbability, 1e-6);
    }

    [Fact]
    public void A_forced_prefix_is_kept_and_costs_what_it_costs()
    {
        TableModel model = new(4, history => history[^1] == 3 ? [0.1, 0.2, 0.6, 0.1] : [0.5, 0.3, 0.1, 0.1]);
        BeamSearchOptions options = new() { BeamCount = 3, MaxTokens = 6, StopIds = [Stop], SuppressedIds = [3] };
        BeamHypothesis best = BeamSearch.Search(
            model, [new BeamStart(model.NewState(), new[] { 0 }) { ForcedPrefix = new[] { 1, 3 } }], options, TestContext.Current.CancellationToken)[0][0];
        Assert.Equal([1, 3, Stop], best.Tokens);
        Assert.Equal(Math.Log(0.3 * 0.1 * 0.6), best.LogProbability, 1e-6);
        Assert.Equal(0, model.LiveStates);
    }

    [Fact]
    public void No_n_gram_is_written_twice()
    {
        TableModel model = new(3, history => history[^1] == 0 ? [0.1, 0.8, 0.1] : [0.8, 0.1, 0.1]);
        Assert.Equal([1, 0, 1, 0, 1, 0], Search(model, new() { BeamCount = 1, MaxTokens = 6 })[0].Tokens);
        foreach (int beam in (int[])[1, 4])
        {
            foreach (BeamHypothesis hypothesis in Search(model, new() { BeamCount = beam, MaxTokens = 9, NoRepeatNGram = 2 }))
            {
                (int, int)[] pairs = [.. hypothesis.Tokens.Zip(hypothesis.Tokens.Skip(1))];
                Assert.Equal(pairs.Length, pairs.Distinct().Count());
            }
        }
    }

    [Fact]
    public void What_is_forbidden_everywhere_ends_the_search()
    {
        TableModel model = new(2, _ => [0.5, 0.5]);
        BeamHypothesis only = Assert.Single(Search(model, new() { BeamCount = 1, MaxTokens = 9, NoRepeatNGram = 1 }));
        Assert.Equal(2, only.Tokens.Count);
        Assert.False(only.Ended);
    }

    [Fact]
    public void Groups_take_different_ways()
    {
        // The second-best first tokens lead to worse texts, so that a common beam holds descendants of the best alone.
        TableModel model = new(5, history => history.Count == 1 ? [0.7, 0.2, 0.1, 0, 0] : history[1] == 0 ? [0.3, 0.3, 0.3, 0.1, 0] : [0.2, 0.2, 0.2, 0.2, 0.2]);
        BeamSearchOptions common = new() { BeamCount = 3, MaxTokens = 2 };
        Assert.All(Search(model, common), hypothesis => Assert.Equal(0, hypothesis.Tokens[0]));
        IReadOnlyList<BeamHypothesis> diverse = Search(model, common with { GroupCount = 3, DiversityPenalty = 5 });
        Assert.Equal([0, 1, 2], diverse.Select(hypothesis => hypothesis.Tokens[0]).Order());
        // Scores are the model's own, without the penalty.
        BeamHypothesis third = diverse.Single(hypothesis => hypothesis.Tokens[0] == 2);
        Assert.Equal(Math.Log(0.1 * 0.2), third.LogProbability, 1e-6);
        Assert.Equal(0, model.LiveStates);
        // Without a penalty each group finds the same.
        Assert.Single(Search(model, common with { GroupCount = 3 }).Select(hypothesis => string.Join(' ', hypothesis.Tokens)).Distinct());
    }

    [Fact]
    public void Greedy_decoding_ends_with_its_first_end_whatever_the_penalty()
    {
        // The end is likeliest at once; a high penalty would prefer the long text.
        TableModel model = new(3, history => history.Count == 1 ? [0, 0.4, 0.6] : [0.05, 0.9, 0.05]);
        Assert.Equal([Stop], Search(model, new() { BeamCount = 1, MaxTokens = 9, StopIds = [Stop], LengthPenalty = 3 })[0].Tokens);
    }

    // V = 4, T = 4 with a beam that prunes nothing: the best of all texts under every penalty, with frozen ends.
    [Theory]
    [InlineData(LengthNormalization.Power, 0)]
    [InlineData(LengthNormalization.Power, 1)]
    [InlineData(LengthNormalization.Google, 0.6)]
    [InlineData(LengthNormalization.Google, 2)]
    public void Exhaustive_search_agrees(LengthNormalization normalization, double penalty)
    {
        for (int seed = 0; seed < 10; seed++)
        {
            TransformerGraph graph = TransformerGraphTests.Model("marian", seed).Graph;
            BeamSearchOptions options = new()
            {
                BeamCount = 300,
                MaxTokens = 4,
                StopIds = [Stop],
                Normalization = normalization,
                LengthPenalty = penalty,
                SuppressedIds = [.. Enumerable.Range(4, graph.VocabularySize - 4)],
            };
            int[] source = [seed, 3, 5];
            IReadOnlyList<BeamHypothesis> found = BeamSearch.Search(
                graph, [new BeamStart(graph.NewState(source), new[] { 1 })], options, TestContext.Current.CancellationToken)[0];
            List<(int[] Tokens, double Score)> all = [];
            Enumerate([], 0);
            (int[] tokens, double score) = all.MaxBy(text => text.Score);
            Assert.Equal(all.Count, found.Count);
            Assert.Equal(tokens, found[0].Tokens);
            Assert.Equal(score, found[0].Score, 1e-4);

            void Enumerate(int[] text, double logProbability)
            {
                if (text.Length == 4 || (text.Length > 0 && text[^1] == Stop))
                {
                    double divisor = normalization == LengthNormalization.Power ? text.Length : (5 + text.Length) / 6.0;
                    all.Add((text, logProbability / Math.Pow(divisor, penalty)));
                    return;
                }

                float[] logits = new float[graph.VocabularySize];
                graph.Advance(graph.NewState(source), new[] { 1 }.Concat(text).ToArray(), logits);
                double total = Math.Log(logits.Sum(logit => Math.Exp(logit)));
                for (int token = 0; token < 4; token++)
                    Enumerate([.. text, token], logProbability + logits[token] - total);
            }
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 1)]
    [InlineData(3, 0.6)]
    public void The_most_probable_tokens_are_enough_to_search(int beams, double penalty)
    {
        TransformerGraph graph = TransformerGraphTests.Model("marian", 7).Graph;
        BeamSearchOptions options = new() { BeamCount = beams, MaxTokens = 12, StopIds = [Stop], LengthPenalty = penalty, SuppressedIds = [0, 1, 5] };
        // An n-gram longer than any text forbids nothing, but all logits are read for it.
        BeamSearchOptions reading = options with { NoRepeatNGram = 100 };
        Assert.False(options.NeedsAllLogits);
        Assert.True(reading.NeedsAllLogits);
        foreach (int[] source in (int[][])[[1, 2, 3, 4, 5], [7], [3, 1, 4, 1, 5, 9, 2, 6]])
        {
            IReadOnlyList<BeamHypothesis> found = Search(options, source), expected = Search(reading, source);
            Assert.Equal(expected.Select(h => string.Join(' ', h.Tokens)), found.Select(h => string.Join(' ', h.Tokens)));
            Assert.Equal(expected.Select(h => h.Ended), found.Select(h => h.Ended));
            foreach ((BeamHypothesis one, BeamHypothesis other) in expected.Zip(found))
                Assert.Equal(one.Score, other.Score, 1e-5);
        }

        IReadOnlyList<BeamHypothesis> Search(BeamSearchOptions search, int[] source) =>
            BeamSearch.Search(graph, [new BeamStart(graph.NewState(source), new[] { 1 })], search, TestContext.Current.CancellationToken)[0];
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Searches_side_by_side_find_what_each_finds_alone(int beams)
    {
        TransformerGraph graph = TransformerGraphTests.Model("rotary-swiglu").Graph;
        BeamSearchOptions options = new() { BeamCount = beams, MaxTokens = 9, StopIds = [Stop], LengthPenalty = 0.7, CoveragePenalty = 0.2, KeepAttention = true };
        int[][] sources = [[1, 2, 3, 4, 5], [7], [3, 1, 4, 1, 5, 9, 2, 6]];
        IReadOnlyList<BeamHypothesis>[] together = BeamSearch.Search(
            graph, [.. sources.Select(Start)], options, TestContext.Current.CancellationToken);
        for (int i = 0; i < sources.Length; i++)
        {
            IReadOnlyList<BeamHypothesis> alone = BeamSearch.Search(graph, [Start(sources[i])], options, TestContext.Current.CancellationToken)[0];
            Assert.Equal(alone.Select(h => string.Join(' ', h.Tokens)), together[i].Select(h => string.Join(' ', h.Tokens)));
            Assert.Equal(alone.Select(h => h.Score), together[i].Select(h => h.Score));
            foreach (BeamHypothesis hypothesis in alone)
            {
                // The score, from the hypothesis's own parts.
                double[] received = [.. Enumerable.Range(0, sources[i].Length).Select(s => hypothesis.Attention!.Sum(row => (double)row[s]))];
                double score = hypothesis.LogProbability / Math.Pow(hypothesis.Tokens.Count, 0.7) + 0.2 * received.Sum(sum => Math.Log(Math.Min(sum, 1)));
                Assert.Equal(score, hypothesis.Score, 1e-4);
                Assert.Equal(hypothesis.Tokens.Count, hypothesis.Attention!.Count);
            }
        }

        BeamStart Start(int[] source) => new(graph.NewState(source, keepAttention: true), new[] { 1 });
    }

    [Fact]
    public void Groups_that_agree_tell_their_text_once()
    {
        TableModel model = new(3, history => history.Count == 1 ? [0.05, 0.9, 0.05] : [0.01, 0.01, 0.98]);
        BeamSearchOptions options = new() { BeamCount = 4, GroupCount = 4, MaxTokens = 4, StopIds = [Stop], DiversityPenalty = 0.1 };
        Assert.Equal([1, Stop], Assert.Single(Search(model, options)).Tokens);
    }

    [Fact]
    public void Draws_follow_the_distribution_and_their_index()
    {
        TableModel model = new(3, history => history.Count == 1 ? [0.5, 0.3, 0.2] : [0, 0, 1]);
        IReadOnlyList<BeamHypothesis> drawn = Sample(4000, 0);
        for (int token = 0; token < 3; token++)
        {
            double expected = 4000 * new[] { 0.5, 0.3, 0.2 }[token];
            Assert.InRange(drawn.Count(hypothesis => hypothesis.Tokens[0] == token), expected - 130, expected + 130);
        }

        Assert.Equal(Sample(5, 3).Select(Text), Sample(5, 3).Select(Text));
        Assert.NotEqual(Sample(50, 3).Select(Text), Sample(50, 4).Select(Text));
        Assert.Equal(Math.Log(0.3), drawn.First(hypothesis => hypothesis.Tokens[0] == 1).LogProbability, 1e-6);
        Assert.Equal(0, model.LiveStates);

        IReadOnlyList<BeamHypothesis> Sample(int count, long index) => BatchSampling.Sample(
            model,
            [new BeamStart(model.NewState(), new[] { 0 }) { Index = index }],
            new() { Seed = 7 },
            new() { BeamCount = count, MaxTokens = 4, StopIds = [Stop] },
            TestContext.Current.CancellationToken)[0];

        static string Text(BeamHypothesis hypothesis) => string.Join(' ', hypothesis.Tokens);
    }

    [Fact]
    public void Wrong_options_are_named()
    {
        Assert.Contains("beam groups is 2", Assert.Throws<InvalidDataException>(() => Search(ShortOrLong, new() { BeamCount = 3, GroupCount = 2 })).Message);
        Assert.Contains("attention", Assert.Throws<InvalidDataException>(() => Search(ShortOrLong, new() { KeepAttention = true })).Message);
    }

    private static IReadOnlyList<BeamHypothesis> Search(ILanguageModel model, BeamSearchOptions options) =>
        BeamSearch.Search(model, new[] { 0 }, options, TestContext.Current.CancellationToken);
}
