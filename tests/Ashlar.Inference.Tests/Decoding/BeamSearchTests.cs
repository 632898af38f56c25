using Ashlar.Inference.Decoding;
using CsCheck;

namespace Ashlar.Inference.Tests.Decoding;

public sealed class BeamSearchTests
{
    private static readonly string[] Words = ["<s>", "我", "想", "喜欢", "你", "吃"];

    // 我 (0.8) is followed by 想 (0.5) or 喜欢 (0.4); 你 follows 想 with 0.5 and 喜欢 with 0.75.
    private static readonly TableModel Course = new(6, history => string.Concat(history.Select(t => Words[t])) switch
    {
        "<s>" => [0, 0.8, 0, 0, 0.2, 0],
        "<s>我" => [0, 0, 0.5, 0.4, 0, 0.1],
        "<s>我想" => [0, 0.1, 0, 0, 0.5, 0.4],
        "<s>我喜欢" => [0, 0.05, 0, 0, 0.75, 0.2],
        _ => [0, 0.2, 0.2, 0.2, 0.2, 0.2],
    });

    [Fact]
    public void Greedy_takes_the_best_word_and_misses_the_best_sentence()
    {
        BeamHypothesis greedy = Assert.Single(Search(Course, [0], new() { BeamCount = 1, MaxTokens = 3 }));
        Assert.Equal("我想你", Text(greedy));
        Assert.Equal(0.20, Math.Exp(greedy.LogProbability), 1e-6);

        TokenGenerator generator = new(Course, Course.NewState(), [0], new() { Sampling = SamplingOptions.Greedy, MaxTokens = 3 });
        while (generator.TryNext(out _))
        {
        }

        Assert.Equal("<s>我想你", string.Concat(generator.History.Select(t => Words[t])));
    }

    [Fact]
    public void A_trace_has_what_fell_out_of_the_beam()
    {
        BeamTrace trace = new();
        BeamSearch.Search(
            Course, [new BeamStart(Course.NewState(), new[] { 0 }) { Trace = trace }], new() { BeamCount = 2, MaxTokens = 3 }, TestContext.Current.CancellationToken);
        // 你 at the beginning (0.2) is dropped when both continuations of 我 are likelier; 吃 never was in the beam.
        Assert.Equal(
            [(-1, "我", 0.8), (-1, "你", 0.2), (0, "想", 0.4), (0, "喜欢", 0.32), (3, "你", 0.24), (2, "你", 0.2)],
            trace.Hypotheses.Select(own => (own.Parent, Words[own.Token], Math.Round(Math.Exp(own.LogProbability), 5))));
    }

    [Fact]
    public void Two_beams_find_it()
    {
        IReadOnlyList<BeamHypothesis> found = Search(Course, [0], new() { BeamCount = 2, MaxTokens = 3 });
        Assert.Equal(["我喜欢你", "我想你"], found.Select(Text));
        Assert.Equal(0.24, Math.Exp(found[0].LogProbability), 1e-6);
        Assert.Equal(0.20, Math.Exp(found[1].LogProbability), 1e-6);
    }

    // On the course's model: each beam more finds what fewer found, or something likelier.
    [Fact]
    public void The_raw_score_of_the_best_never_falls_with_the_width()
    {
        double[] best = [.. Enumerable.Range(1, 8).Select(beams => Search(Course, [0], new() { BeamCount = beams, MaxTokens = 3 })[0].LogProbability)];
        Assert.Equal(best.Order(), best);
        Assert.Equal(Math.Log(0.20), best[0], 1e-6);
        Assert.Equal(Math.Log(0.24), best[^1], 1e-6);
    }

    // With a beam as wide as the number of sequences nothing is pruned: the result must be the exhaustive best.
    [Theory]
    [InlineData(0)]
    [InlineData(0.7)]
    [InlineData(2)]
    public void A_beam_wide_enough_is_exhaustive_search(double penalty) => Gen.Int[0, 10_000].Sample(seed =>
    {
        const int Vocabulary = 4, Limit = 3, Stop = 3;
        TableModel model = RandomModel(Vocabulary, seed);
        IReadOnlyList<BeamHypothesis> found = Search(
            model, [0], new() { BeamCount = 64, MaxTokens = Limit, LengthPenalty = penalty, StopIds = [Stop] });
        List<(int[] Tokens, double Score)> all = [];
        Enumerate([], 0);
        all.Sort((a, b) => b.Score.CompareTo(a.Score));
        Assert.Equal(all[0].Tokens, found[0].Tokens);
        Assert.Equal(all.Count, found.Count);
        Assert.Equal(all[0].Score, found[0].Score, 1e-5);
        Assert.Equal(0, model.LiveStates);

        void Enumerate(int[] tokens, double logProbability)
        {
            if (tokens.Length == Limit || (tokens.Length > 0 && tokens[^1] == Stop))
            {
                all.Add((tokens, logProbability / Math.Pow(tokens.Length, penalty)));
                return;
            }

            double[] next = Distribution(Vocabulary, seed, [0, .. tokens]);
            for (int token = 0; token < Vocabulary; token++)
                Enumerate([.. tokens, token], logProbability + Math.Log(next[token]));
        }
    }, iter: 40);

    [Fact]
    public void One_beam_is_greedy_decoding() => Gen.Int[0, 10_000].Sample(seed =>
    {
        TableModel model = RandomModel(8, seed);
        TokenGenerator generator = new(model, model.NewState(), [0], new() { Sampling = SamplingOptions.Greedy, MaxTokens = 6 });
        while (generator.TryNext(out _))
        {
        }

        Assert.Equal(generator.History.Skip(1), Search(model, [0], new() { BeamCount = 1, MaxTokens = 6 })[0].Tokens);
    }, iter: 40);

    [Fact]
    public void The_length_penalty_decides_between_short_and_long()
    {
        // Ends at once with 0.4; or goes on with 0.6 and then ends with 0.5: probabilities 0.4 and 0.3.
        TableModel model = new(3, history => history.Count == 1 ? [0, 0.6, 0.4] : [0.3, 0.2, 0.5]);
        Assert.Equal([2], Best(0).Tokens);
        BeamHypothesis longer = Best(1);
        Assert.Equal([1, 2], longer.Tokens);
        Assert.True(longer.Ended);
        Assert.Equal(Math.Log(0.3) / 2, longer.Score, 1e-6);

        BeamHypothesis Best(double penalty) =>
            Search(model, [0], new() { BeamCount = 2, MaxTokens = 2, StopIds = [2], LengthPenalty = penalty })[0];
    }

    [Fact]
    public void The_context_bounds_the_search()
    {
        TableModel model = new(2, _ => [0.9, 0.1], contextLength: 4);
        Assert.Equal(3, Search(model, [0, 0], new() { BeamCount = 2, MaxTokens = 50 })[0].Tokens.Count);
    }

    private static IReadOnlyList<BeamHypothesis> Search(ILanguageModel model, int[] prompt, BeamSearchOptions options) =>
        BeamSearch.Search(model, prompt, options, TestContext.Current.CancellationToken);

    private static string Text(BeamHypothesis hypothesis) => string.Concat(hypothesis.Tokens.Select(t => Words[t]));

    private static TableModel RandomModel(int vocabulary, int seed) => new(vocabulary, history => Distribution(vocabulary, seed, history));

    private static double[] Distribution(int vocabulary, int seed, IReadOnlyList<int> history)
    {
        Random random = new(history.Aggregate(seed, (hash, token) => unchecked(hash * 31 + token + 1)));
        double[] weights = [.. Enumerable.Range(0, vocabulary).Select(_ => random.NextDouble() + 0.01)];
        return [.. weights.Select(w => w / weights.Sum())];
    }
}
