using Ashlar.Inference;
using CsCheck;

namespace Ashlar.Evaluation.Tests;

public sealed class PerplexityTests
{
    // Token 0 is special; token i stands for i bytes.
    private static readonly TokenBytes Bytes = new((token, _) => token, token => token == 0);

    [Fact]
    public void By_hand()
    {
        PastModel model = new(4, (past, token) => token == past[^1] ? 0.7 : 0.1);
        PerplexityResult result = Measure(model, [new[] { 1, 1, 0, 3 }], Bytes);
        // Scored: 1 after 1 (0.7), 0 after 1 (0.1, special), 3 after 0 (0.1).
        double text = -Math.Log(0.7) - Math.Log(0.1);
        Assert.Equal((3, 2, 4), (result.TokenCount, result.TextTokenCount, result.ByteCount));
        Assert.Equal(text - Math.Log(0.1), result.Nats, 1e-5);
        Assert.Equal(text, result.TextNats, 1e-5);
        Assert.Equal(result.Nats / 3, result.NatsPerToken, 1e-9);
        Assert.Equal(Math.Exp(result.Nats / 3), result.Perplexity, 1e-9);
        Assert.Equal(text / Math.Log(2) / 4, result.BitsPerByte, 1e-5);
    }

    [Fact]
    public void A_beginning_token_lets_the_first_token_count()
    {
        PastModel model = new(4, (past, token) => token == past[^1] ? 0.7 : 0.1);
        PerplexityOptions options = new() { BeginOfTextId = 0 };
        Assert.Equal(-Math.Log(0.1), Measure(model, [new[] { 2 }], Bytes, options).Nats, 1e-5);
        // One that is already there is not doubled.
        Assert.Equal(1, Measure(model, [new[] { 0, 2 }], Bytes, options).TokenCount);
        Assert.Throws<InvalidDataException>(() => Measure(model, [new[] { 2 }], Bytes));
    }

    // The probability depends on how much of the past the model sees, so the windows show in the cost.
    [Theory]
    [InlineData(null, null, "1 2 3 4 1 2 3 4 1 2")] // context 4, no overlap
    [InlineData(3, null, "1 2 3 1 2 3 1 2 3 1")]
    [InlineData(4, 2, "1 2 3 4 3 4 3 4 3 4")]
    [InlineData(4, 1, "1 2 3 4 4 4 4 4 4 4")]
    public void Every_token_is_scored_once_with_the_past_its_window_gives(int? window, int? stride, string pasts)
    {
        PastModel model = new(2, (past, token) => token == 1 ? 1.0 / (past.Count + 1) : 1 - 1.0 / (past.Count + 1), contextLength: 4);
        int[] document = [.. Enumerable.Repeat(1, 11)];
        foreach (int batch in new[] { 1, 3, 8 })
        {
            PerplexityResult result = Measure(
                model, [document], Bytes, new() { WindowLength = window, Stride = stride, BatchSize = batch });
            Assert.Equal(10, result.TokenCount);
            Assert.Equal(pasts.Split(' ').Sum(past => Math.Log(int.Parse(past) + 1)), result.Nats, 1e-4);
        }
    }

    [Fact]
    public void A_model_without_a_context_limit_reads_documents_whole()
    {
        PastModel model = new(2, (past, token) => token == 1 ? 1.0 / (past.Count + 1) : 1 - 1.0 / (past.Count + 1));
        PerplexityResult result = Measure(model, [new int[] { 1, 1, 1 }, Enumerable.Repeat(1, 2500).ToArray()], Bytes);
        Assert.Equal(2 + 2499, result.TokenCount);
        Assert.Equal(new[] { 2, 2499 }.Sum(n => Enumerable.Range(1, n).Sum(past => Math.Log(past + 1))), result.Nats, 0.1);
    }

    [Fact]
    public void Documents_do_not_see_each_other() =>
        Gen.Int[1, 9].Array[0, 20].Array[1, 6].Where(documents => documents.Any(d => d.Length > 1)).Sample(documents =>
        {
            PastModel model = new(10, (past, token) => (1.0 + (past[0] + past.Count + token) % 10) / 55, contextLength: 7);
            ReadOnlyMemory<int>[] all = [.. documents.Select(d => (ReadOnlyMemory<int>)d)];
            PerplexityResult together = Measure(model, all, Bytes, new() { BatchSize = 4 });
            PerplexityResult[] alone = [.. all.Where(d => d.Length > 1).Select(d => Measure(model, [d], Bytes, new() { BatchSize = 1 }))];
            Assert.Equal(alone.Sum(r => r.Nats), together.Nats, 1e-6);
            Assert.Equal(alone.Sum(r => r.TokenCount), together.TokenCount);
            Assert.Equal(alone.Sum(r => r.ByteCount), together.ByteCount);
        }, iter: 50);

    [Fact]
    public void Baselines_by_hand()
    {
        ReadOnlyMemory<int>[] training = [new[] { 1, 1, 1, 2 }, new[] { 1, 2 }];
        ReadOnlyMemory<int>[] validation = [new[] { 2, 1, 3, 0 }];
        PerplexityResult unigram = UnigramBaseline.FromTraining(training, 4).Measure(validation, Bytes);
        // Counts 0, 4, 2, 0 plus one each, of 10: p(1) = 0.5, p(3) = p(0) = 0.1; the first token is not scored.
        Assert.Equal(-Math.Log(0.5) - 2 * Math.Log(0.1), unigram.Nats, 1e-9);
        Assert.Equal((-Math.Log(0.5) - Math.Log(0.1)) / Math.Log(2) / 4, unigram.BitsPerByte, 1e-9);
        PerplexityResult uniform = UnigramBaseline.Uniform(4).Measure(validation, Bytes);
        Assert.Equal(4, uniform.Perplexity, 1e-9);
        Assert.Equal(2 * 2.0 / 4, uniform.BitsPerByte, 1e-9); // two text tokens of 2 bits in 4 bytes
        Assert.Throws<InvalidDataException>(() => UnigramBaseline.Uniform(3).Measure(validation, Bytes));
    }

    [Fact]
    public void A_model_that_knows_the_counts_costs_what_the_unigram_costs()
    {
        int[] text = [.. Enumerable.Range(0, 500).Select(i => i * i % 7)];
        double[] p = [.. Enumerable.Range(0, 7).Select(t => (text.Count(x => x == t) + 1) / 507.0)];
        PerplexityResult model = Measure(new PastModel(7, (_, token) => p[token], 32), [text], Bytes);
        PerplexityResult baseline = UnigramBaseline.FromTraining([text], 7).Measure([text], Bytes);
        Assert.Equal(baseline.Nats, model.Nats, 1e-3);
        Assert.Equal(baseline.BitsPerByte, model.BitsPerByte, 1e-5);
    }

    [Fact]
    public void Mistakes_are_named()
    {
        PastModel model = new(4, (_, _) => 0.25, contextLength: 8);
        Assert.Contains("9", Fault(new() { WindowLength = 9 }, 1, 1));
        Assert.Contains("stride", Fault(new() { WindowLength = 4, Stride = 5 }, 1, 1));
        Assert.Contains("token id 4", Fault(new(), 1, 4));
        Assert.Contains("no token", Fault(new(), 1));

        string Fault(PerplexityOptions options, params int[] tokens) =>
            Assert.Throws<InvalidDataException>(() => Measure(model, [tokens], Bytes, options)).Message;
    }

    [Fact]
    public void Json_round_trip()
    {
        PastModel model = new(3, (past, token) => past.Count > 1 && token == 1 ? 0 : 0.5);
        foreach (int[] text in new[] { new[] { 1, 2, 2 }, [1, 2, 1] })
        {
            PerplexityResult result = Measure(model, [text], Bytes, name: "toy");
            Assert.Equal(result, PerplexityResult.FromJson(result.ToJson()));
            Assert.Contains("\"perplexity\"", result.ToJson());
            Assert.Contains("\"bitsPerByte\"", result.ToJson());
        }

        Assert.Throws<InvalidDataException>(() => PerplexityResult.FromJson("[]"));
    }

    private static PerplexityResult Measure(
        ILanguageModel model, IEnumerable<ReadOnlyMemory<int>> documents, TokenBytes vocabulary, PerplexityOptions? options = null, string name = "model") =>
        Perplexity.Measure(model, documents, vocabulary, options, name, cancellation: TestContext.Current.CancellationToken);

    /// <summary>A model whose probabilities are a function of the past it has read.</summary>
    private sealed class PastModel(int vocabularySize, Func<IReadOnlyList<int>, int, double> probability, int? contextLength = null) : ILanguageModel
    {
        public int VocabularySize => vocabularySize;

        public int? ContextLength => contextLength;

        public LanguageModelState NewState() => new State();

        public void Advance(
            ReadOnlySpan<LanguageModelState> states, ReadOnlySpan<ReadOnlyMemory<int>> tokens, Span<float> logits, LogitsSelection selection)
        {
            Assert.Equal(LogitsSelection.All, selection);
            int at = 0;
            for (int i = 0; i < states.Length; i++)
            {
                List<int> past = ((State)states[i]).Tokens;
                foreach (int token in tokens[i].Span)
                {
                    past.Add(token);
                    Assert.True(past.Count <= (contextLength ?? int.MaxValue));
                    for (int next = 0; next < vocabularySize; next++)
                        logits[at++] = (float)Math.Log(probability(past, next));
                }
            }
        }

        public void Dispose()
        {
        }

        private sealed class State : LanguageModelState
        {
            public List<int> Tokens { get; } = [];

            public override int Length => Tokens.Count;

            public override LanguageModelState Fork() => throw new NotSupportedException();

            public override void Truncate(int length) => Tokens.RemoveRange(length, Tokens.Count - length);
        }
    }
}
