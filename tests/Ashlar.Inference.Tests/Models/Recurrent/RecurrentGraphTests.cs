using Ashlar.Inference.Models.Recurrent;

namespace Ashlar.Inference.Tests.Models.Recurrent;

public sealed class RecurrentGraphTests
{
    [Theory]
    [MemberData(nameof(RandomRecurrent.Shapes), MemberType = typeof(RandomRecurrent))]
    public void Logits_are_those_of_the_equations(string shape)
    {
        RandomRecurrent model = new(shape, 1);
        int[] tokens = model.Tokens(2, 30);
        double[][] expected = new ReferenceRecurrent(model).Logits(tokens);
        using RecurrentGraph graph = model.NewGraph(threadCount: 2);
        float[] actual = DecoderGraphTests.All(graph, tokens);
        double largest = 0;
        for (int t = 0; t < tokens.Length; t++)
            for (int i = 0; i < graph.VocabularySize; i++)
                largest = Math.Max(largest, Math.Abs(expected[t][i] - actual[t * graph.VocabularySize + i]));
        Assert.InRange(largest, 0, 1e-5);
        Assert.True(expected.Max(row => row.Max()) > 0.5); // of the order of real logits
    }

    [Theory]
    [MemberData(nameof(RandomRecurrent.Shapes), MemberType = typeof(RandomRecurrent))]
    public void Token_by_token_in_pieces_and_at_once_are_equal(string shape)
    {
        RandomRecurrent model = new(shape, 3);
        using RecurrentGraph graph = model.NewGraph();
        int[] tokens = model.Tokens(4, model.Configuration.VocabularySize > 1000 ? 20 : 300); // more than one block of rows
        float[] whole = DecoderGraphTests.All(graph, tokens);
        foreach (int step in new[] { 1, 7, 290 })
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
    [MemberData(nameof(RandomRecurrent.Shapes), MemberType = typeof(RandomRecurrent))]
    public void A_batch_of_unequal_lengths_equals_its_sequences_alone(string shape)
    {
        RandomRecurrent model = new(shape, 5);
        using RecurrentGraph graph = model.NewGraph(threadCount: 2);
        int size = graph.VocabularySize;
        bool large = size > 1000;
        int[][] first = [.. (large ? [3, 9, 1] : new[] { 3, 90, 1, 80, 140 }).Select((length, i) => model.Tokens(6 + i, length))];
        int[][] second = [.. (large ? [2, 1, 5] : new[] { 5, 1, 40, 1, 1 }).Select((length, i) => model.Tokens(11 + i, length))];
        LanguageModelState[] states = [.. first.Select(_ => graph.NewState())];
        float[] last = new float[first.Length * size];
        float[] all = new float[second.Sum(t => t.Length) * size];
        graph.Advance(states, [.. first.Select(t => (ReadOnlyMemory<int>)t)], last, LogitsSelection.Last);
        graph.Advance(states, [.. second.Select(t => (ReadOnlyMemory<int>)t)], all, LogitsSelection.All);
        int row = 0;
        for (int i = 0; i < first.Length; i++)
        {
            float[] alone = DecoderGraphTests.All(graph, [.. first[i], .. second[i]]);
            int at = (first[i].Length - 1) * size;
            Assert.Equal(alone[at..(at + size)], last[(i * size)..((i + 1) * size)]);
            Assert.Equal(alone[(at + size)..], all[(row * size)..((row + second[i].Length) * size)]);
            row += second[i].Length;
            Assert.Equal(first[i].Length + second[i].Length, states[i].Length);
        }
    }

    [Fact]
    public void More_sequences_than_a_block_has_rows()
    {
        RandomRecurrent model = new("gru", 7);
        using RecurrentGraph graph = model.NewGraph();
        int[][] tokens = [.. Enumerable.Range(0, 300).Select(i => model.Tokens(i, 1 + i % 3))];
        LanguageModelState[] states = [.. tokens.Select(_ => graph.NewState())];
        float[] logits = new float[300 * graph.VocabularySize];
        graph.Advance(states, [.. tokens.Select(t => (ReadOnlyMemory<int>)t)], logits, LogitsSelection.Last);
        for (int i = 0; i < 300; i++)
            Assert.Equal(Final(graph, tokens[i]), logits[(i * graph.VocabularySize)..((i + 1) * graph.VocabularySize)]);
    }

    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    public void Forks_go_their_own_ways_and_a_state_begins_again(string shape)
    {
        RandomRecurrent model = new(shape, 16);
        using RecurrentGraph graph = model.NewGraph();
        int[] past = model.Tokens(17, 40), left = model.Tokens(18, 10), right = model.Tokens(19, 10);
        float[] logits = new float[graph.VocabularySize];
        LanguageModelState trunk = graph.NewState();
        graph.Advance(trunk, past, logits);
        LanguageModelState branch = trunk.Fork();
        Assert.Equal(40, branch.Length);
        for (int i = 0; i < 10; i++)
        {
            graph.Advance(trunk, new[] { left[i] }, logits);
            Assert.Equal(Final(graph, [.. past, .. left[..(i + 1)]]), logits);
            graph.Advance(branch, new[] { right[i] }, logits);
            Assert.Equal(Final(graph, [.. past, .. right[..(i + 1)]]), logits);
        }

        Assert.Equal((50, 0, 0), (trunk.ReachableLength(50), trunk.ReachableLength(49), trunk.ReachableLength(0)));
        trunk.Truncate(50);
        graph.Advance(trunk, right, logits);
        Assert.Equal(Final(graph, [.. past, .. left, .. right]), logits);
        Assert.Contains("cannot go back to 59", Assert.Throws<NotSupportedException>(() => trunk.Truncate(59)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => trunk.Truncate(61));
        Assert.Throws<ArgumentOutOfRangeException>(() => trunk.ReachableLength(-1));
        Assert.Equal(60, trunk.Length);
        trunk.Truncate(0);
        graph.Advance(trunk, left, logits);
        Assert.Equal(Final(graph, left), logits);
    }

    [Fact]
    public void An_endless_stream_takes_no_more_memory()
    {
        RandomRecurrent model = new("lstm", 20);
        using RecurrentGraph graph = model.NewGraph();
        LanguageModelState state = graph.NewState();
        LanguageModelState[] states = [state];
        int[] token = [3];
        ReadOnlyMemory<int>[] tokens = [token];
        float[] logits = new float[graph.VocabularySize];
        graph.Advance(states, tokens, logits, LogitsSelection.Last);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20_000; i++)
        {
            token[0] = i % graph.VocabularySize;
            graph.Advance(states, tokens, logits, LogitsSelection.Last);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096); // of 20,000 steps together
        Assert.Equal(20_001, state.Length);
        Assert.Null(graph.ContextLength);
    }

    [Fact]
    public void Mistakes_are_refused()
    {
        RandomRecurrent model = new("rnn-tanh", 25);
        using RecurrentGraph graph = model.NewGraph(), other = model.NewGraph();
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
        Assert.Throws<ObjectDisposedException>(() => state.Fork());
    }

    [Theory]
    [InlineData("lstm")]
    [InlineData("gru")]
    [InlineData("rnn-tanh")]
    public void A_trace_shows_what_the_layers_did(string shape)
    {
        RandomRecurrent model = new(shape, 30);
        using RecurrentGraph graph = model.NewGraph();
        int[] tokens = model.Tokens(31, 300);
        RecurrentTrace trace = graph.Trace(tokens);
        float[] logits = DecoderGraphTests.All(graph, tokens);
        ReferenceRecurrent reference = new(model);
        reference.Logits(tokens);
        int top = trace.LayerCount - 1;
        for (int step = 0; step < tokens.Length; step++)
        {
            Assert.Equal(logits[(step * graph.VocabularySize)..((step + 1) * graph.VocabularySize)], trace.Logits(step));
            ReadOnlySpan<float> hidden = trace.Hidden(top, step);
            for (int unit = 0; unit < hidden.Length; unit++)
            {
                Assert.Equal(reference.Hidden[step][unit], hidden[unit], 1e-4);
                // The last equation of each cell, from what the trace shows of its terms.
                if (shape == "lstm")
                {
                    Assert.Equal(trace.Gate(top, 3, step)[unit] * Math.Tanh(trace.Memory(top, step)[unit]), hidden[unit], 1e-6);
                }
                else if (shape == "gru" && step > 0)
                {
                    double z = trace.Gate(top, 1, step)[unit];
                    Assert.Equal((1 - z) * trace.Gate(top, 2, step)[unit] + z * trace.Hidden(top, step - 1)[unit], hidden[unit], 1e-6);
                }
            }
        }

        Assert.Equal(shape == "lstm" ? 4 : shape == "gru" ? 3 : 0, trace.GateNames.Count);
        Assert.Throws<ArgumentException>(() => graph.Trace([]));
    }

    private static float[] Final(ILanguageModel model, int[] tokens) => DecoderGraphTests.All(model, tokens)[((tokens.Length - 1) * model.VocabularySize)..];
}
