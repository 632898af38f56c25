using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Models;

namespace Ashlar.Inference.Tests.Models;

public sealed class DecoderGraphTests
{
    public static TheoryData<string> Shapes { get; } =
        ["gpt1", "gpt2", "gpt2-untied-exact-gelu", "llama", "llama-untied-scaled", "qwen2", "qwen3"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Logits_are_those_of_the_definition(string shape)
    {
        RandomCheckpoint checkpoint = new(RandomCheckpoint.Shape(shape), 1);
        int[] tokens = Tokens(2, 40);
        double[][] expected = new ReferenceDecoder(checkpoint).Logits(tokens);
        using DecoderGraph graph = checkpoint.NewGraph(threadCount: 2);
        float[] actual = All(graph, tokens);
        double largest = 0;
        for (int t = 0; t < tokens.Length; t++)
            for (int i = 0; i < graph.VocabularySize; i++)
                largest = Math.Max(largest, Math.Abs(expected[t][i] - actual[t * graph.VocabularySize + i]));
        Assert.InRange(largest, 0, 1e-4);
        Assert.True(expected.Max(row => row.Max()) > 1); // of the order of real logits
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Token_by_token_in_pieces_and_at_once_are_equal(string shape)
    {
        RandomCheckpoint checkpoint = new(RandomCheckpoint.Shape(shape), 3);
        using DecoderGraph graph = checkpoint.NewGraph();
        int[] tokens = Tokens(4, 70); // more than two cache pages
        float[] whole = All(graph, tokens);
        foreach (int step in new[] { 1, 9, 33 })
        {
            LanguageModelState state = graph.NewState();
            float[] logits = new float[graph.VocabularySize];
            for (int start = 0; start < tokens.Length; start += step)
            {
                int[] piece = tokens[start..Math.Min(start + step, tokens.Length)];
                graph.Advance(state, piece, logits);
                int last = start + piece.Length - 1;
                Assert.Equal(whole[(last * graph.VocabularySize)..((last + 1) * graph.VocabularySize)], logits);
            }

            Assert.Equal(tokens.Length, state.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_batch_of_unequal_lengths_equals_its_sequences_alone(string shape)
    {
        RandomCheckpoint checkpoint = new(RandomCheckpoint.Shape(shape), 5);
        using DecoderGraph graph = checkpoint.NewGraph(threadCount: 2);
        int[][] first = [Tokens(6, 3), Tokens(7, 90), Tokens(8, 1), Tokens(9, 80), Tokens(10, 99)];
        int[][] second = [Tokens(11, 5), Tokens(12, 1), Tokens(13, 40), Tokens(14, 1), Tokens(15, 1)];
        LanguageModelState[] states = [.. first.Select(_ => graph.NewState())];
        float[] last = new float[first.Length * graph.VocabularySize];
        float[] all = new float[second.Sum(t => t.Length) * graph.VocabularySize];
        graph.Advance(states, [.. first.Select(t => (ReadOnlyMemory<int>)t)], last, LogitsSelection.Last);
        graph.Advance(states, [.. second.Select(t => (ReadOnlyMemory<int>)t)], all, LogitsSelection.All);
        int row = 0;
        for (int i = 0; i < first.Length; i++)
        {
            float[] alone = All(graph, [.. first[i], .. second[i]]);
            int at = (first[i].Length - 1) * graph.VocabularySize;
            Assert.Equal(alone[at..(at + graph.VocabularySize)], last[(i * graph.VocabularySize)..((i + 1) * graph.VocabularySize)]);
            Assert.Equal(
                alone[(at + graph.VocabularySize)..],
                all[(row * graph.VocabularySize)..((row + second[i].Length) * graph.VocabularySize)]);
            row += second[i].Length;
            Assert.Equal(first[i].Length + second[i].Length, states[i].Length);
        }
    }

    [Fact]
    public void Forks_go_their_own_ways_and_truncation_forgets()
    {
        RandomCheckpoint checkpoint = new(RandomCheckpoint.Shape("qwen3"), 16);
        using DecoderGraph graph = checkpoint.NewGraph();
        int[] past = Tokens(17, 40), left = Tokens(18, 30), right = Tokens(19, 30);
        float[] logits = new float[graph.VocabularySize];
        LanguageModelState trunk = graph.NewState();
        graph.Advance(trunk, past, logits);
        LanguageModelState branch = trunk.Fork();
        // In turns, so that a write into a shared page would be seen by the other.
        for (int i = 0; i < 30; i++)
        {
            graph.Advance(trunk, new[] { left[i] }, logits);
            Assert.Equal(Final(graph, [.. past, .. left[..(i + 1)]]), logits);
            graph.Advance(branch, new[] { right[i] }, logits);
            Assert.Equal(Final(graph, [.. past, .. right[..(i + 1)]]), logits);
        }

        LanguageModelState third = trunk.Fork();
        trunk.Truncate(35);
        Assert.Equal(35, trunk.Length);
        graph.Advance(trunk, right, logits);
        Assert.Equal(Final(graph, [.. past[..35], .. right]), logits);
        graph.Advance(third, right, logits);
        Assert.Equal(Final(graph, [.. past, .. left, .. right]), logits);
        trunk.Truncate(0);
        graph.Advance(trunk, left, logits);
        Assert.Equal(Final(graph, left), logits);
        Assert.Throws<ArgumentOutOfRangeException>(() => trunk.Truncate(31));
    }

    [Fact]
    public void Too_long_a_sequence_is_refused_and_nothing_changes()
    {
        RandomCheckpoint checkpoint = new(RandomCheckpoint.Shape("gpt2"), 20);
        using DecoderGraph graph = checkpoint.NewGraph();
        float[] logits = new float[2 * graph.VocabularySize];
        LanguageModelState full = graph.NewState(), other = graph.NewState();
        graph.Advance(full, Tokens(21, 99), logits);
        ContextOverflowException error = Assert.Throws<ContextOverflowException>(() =>
            graph.Advance([other, full], [Tokens(22, 2), Tokens(23, 2)], logits, LogitsSelection.Last));
        Assert.Equal((101, 100), (error.Required, error.ContextLength));
        Assert.Equal((0, 99), (other.Length, full.Length));
        graph.Advance(full, Tokens(24, 1), logits); // the last place
        Assert.Equal(100, full.Length);
    }

    [Fact]
    public void Mistakes_are_refused()
    {
        RandomCheckpoint checkpoint = new(RandomCheckpoint.Shape("llama"), 25);
        using DecoderGraph graph = checkpoint.NewGraph(), other = checkpoint.NewGraph();
        LanguageModelState state = graph.NewState();
        float[] logits = new float[graph.VocabularySize];
        Assert.Throws<ArgumentException>(() => graph.Advance(state, new[] { 37 }, logits));
        Assert.Throws<ArgumentException>(() => graph.Advance(state, new[] { -1 }, logits));
        Assert.Throws<ArgumentException>(() => graph.Advance(state, Array.Empty<int>(), logits));
        Assert.Throws<ArgumentException>(() => graph.Advance(state, new[] { 1, 2 }, logits, LogitsSelection.All));
        Assert.Throws<ArgumentException>(() => graph.Advance(other.NewState(), new[] { 1 }, logits));
        Assert.Throws<ArgumentException>(() => graph.Advance([state, state], [new[] { 1 }, new[] { 1 }], new float[74], LogitsSelection.Last));
        Assert.Equal(0, state.Length);
        state.Dispose();
        Assert.Throws<ObjectDisposedException>(() => graph.Advance(state, new[] { 1 }, logits));
    }

    internal static float[] All(ILanguageModel model, int[] tokens)
    {
        float[] logits = new float[tokens.Length * model.VocabularySize];
        using LanguageModelState state = model.NewState();
        model.Advance(state, tokens, logits, LogitsSelection.All);
        return logits;
    }

    private static float[] Final(ILanguageModel model, int[] tokens) => All(model, tokens)[((tokens.Length - 1) * model.VocabularySize)..];

    private static int[] Tokens(int seed, int count)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(37))];
    }
}
