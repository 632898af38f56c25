using Ashlar.Inference.Decoding;

namespace Ashlar.Inference.Tests.Decoding;

public sealed class TokenGeneratorTests
{
    // Counts: after n comes n + 1 (mod 10).
    private static TableModel Counter(int? context = null) => new(10, history =>
    {
        double[] probabilities = new double[10];
        probabilities[(history[^1] + 1) % 10] = 1;
        return probabilities;
    }, context);

    private static GenerationOptions Greedy => new() { Sampling = SamplingOptions.Greedy, MaxTokens = 5 };

    [Fact]
    public void Ends_at_the_number_of_tokens() => Assert.Equal((FinishReason.MaxTokens, "45678"), Run(Counter(), [3], Greedy));

    [Fact]
    public void Ends_at_a_stop_token_and_counts_it() =>
        Assert.Equal((FinishReason.StopToken, "456"), Run(Counter(), [3], Greedy with { StopIds = [6, 1] }));

    [Fact]
    public void Ends_when_the_context_is_full() =>
        Assert.Equal((FinishReason.ContextFull, "456"), Run(Counter(context: 4), [2, 3], Greedy));

    [Fact]
    public void Slides_when_it_may()
    {
        List<int[]> seen = [];
        TableModel model = new(10, history =>
        {
            seen.Add([.. history]);
            double[] probabilities = new double[10];
            probabilities[(history[^1] + 1) % 10] = 1;
            return probabilities;
        }, 4);
        Assert.Equal((FinishReason.MaxTokens, "45678"), Run(model, [2, 3], Greedy with { ContextPolicy = ContextPolicy.Slide }));
        Assert.Equal(["23", "234", "2345", "56", "567"], seen.Select(s => string.Concat(s)));
    }

    [Fact]
    public void A_prompt_that_is_too_long_is_an_error_unless_it_may_slide()
    {
        Assert.Throws<ContextOverflowException>(() => Run(Counter(context: 4), [1, 2, 3, 4, 5], Greedy));
        Assert.Equal("67890", Run(Counter(context: 4), [1, 2, 3, 4, 5], Greedy with { ContextPolicy = ContextPolicy.Slide }).Text);
    }

    [Fact]
    public void Goes_on_from_what_the_state_has_read()
    {
        TableModel model = Counter();
        LanguageModelState state = model.NewState();
        model.Advance(state, new[] { 1, 2 }, new float[10]);
        TokenGenerator generator = new(model, state, [1, 2, 3], Greedy);
        Assert.True(generator.TryNext(out int token));
        Assert.Equal((4, 3), (token, state.Length));
        Assert.Throws<ArgumentException>(() => new TokenGenerator(model, state, [1, 2, 3], Greedy));
    }

    private static (FinishReason? Reason, string Text) Run(ILanguageModel model, int[] prompt, GenerationOptions options)
    {
        TokenGenerator generator = new(model, model.NewState(), prompt, options);
        string text = "";
        while (generator.TryNext(out int token))
            text += token;
        Assert.Equal(text.Length, generator.GeneratedCount);
        return (generator.FinishReason, text);
    }
}
