using Ashlar.Inference;

namespace Ashlar.Inference.Tests.Models;

/// <summary>What every sequence-to-sequence model must do, whatever it is made of.</summary>
internal static class TranslationModelChecks
{
    public static int[][] Sources(ISequenceToSequenceModel model, Random random, params int[] lengths) =>
        [.. lengths.Select(length => Enumerable.Range(0, length).Select(_ => random.Next(model.SourceVocabularySize)).ToArray())];

    public static float[] All(ISequenceToSequenceModel model, int[] source, int[] target)
    {
        using SequenceToSequenceState state = model.NewState(source);
        float[] logits = new float[target.Length * model.VocabularySize];
        model.Advance(state, target, logits, LogitsSelection.All);
        return logits;
    }

    public static void Close(double[][] expected, ReadOnlySpan<float> actual, double tolerance = 1e-4)
    {
        int vocabulary = expected[0].Length;
        Assert.Equal(expected.Length * vocabulary, actual.Length);
        for (int t = 0; t < expected.Length; t++)
            for (int i = 0; i < vocabulary; i++)
                Assert.InRange(actual[t * vocabulary + i], expected[t][i] - tolerance, expected[t][i] + tolerance);
    }

    /// <summary>Unequal sources and targets in one batch, token by token and at once: bit for bit what each gives alone.</summary>
    public static void Batches_change_nothing(ISequenceToSequenceModel model)
    {
        Random random = new(5);
        int[][] sources = Sources(model, random, 7, 1, 19, 3);
        int[][] targets = [.. sources.Select((_, i) => Enumerable.Range(0, 3 + 2 * i).Select(_ => random.Next(model.VocabularySize)).ToArray())];
        float[][] alone = [.. sources.Select((source, i) => All(model, source, targets[i]))];

        SequenceToSequenceState[] states = model.NewStates([.. sources.Select(source => (ReadOnlyMemory<int>)source)]);
        float[] together = new float[targets.Sum(target => target.Length) * model.VocabularySize];
        model.Advance(states, [.. targets.Select(target => (ReadOnlyMemory<int>)target)], together, LogitsSelection.All);
        Assert.Equal(alone.SelectMany(row => row), together);

        states = model.NewStates([.. sources.Select(source => (ReadOnlyMemory<int>)source)]);
        for (int t = 0; t < targets[^1].Length; t++)
        {
            int[] active = [.. Enumerable.Range(0, states.Length).Where(i => t < targets[i].Length)];
            float[] step = new float[active.Length * model.VocabularySize];
            model.Advance(
                [.. active.Select(i => (LanguageModelState)states[i])],
                [.. active.Select(i => (ReadOnlyMemory<int>)new[] { targets[i][t] })],
                step,
                LogitsSelection.Last);
            for (int row = 0; row < active.Length; row++)
                Assert.Equal(
                    alone[active[row]].AsSpan(t * model.VocabularySize, model.VocabularySize).ToArray(),
                    step.AsSpan(row * model.VocabularySize, model.VocabularySize).ToArray());
        }
    }

    /// <summary>A token changes no logits before it: exactly 0.</summary>
    public static void Nothing_leaks_from_the_future(ISequenceToSequenceModel model)
    {
        int[] source = Sources(model, new(3), 6)[0];
        float[] before = All(model, source, [1, 3, 4, 5]), after = All(model, source, [1, 3, 4, 6]);
        int kept = 3 * model.VocabularySize;
        Assert.Equal(before[..kept], after[..kept]);
        Assert.NotEqual(before[kept..], after[kept..]);
    }

    /// <summary>Every source token reaches the logits.</summary>
    public static void Every_source_token_matters(ISequenceToSequenceModel model)
    {
        int[] source = Sources(model, new(4), 5)[0];
        float[] before = All(model, source, [1, 3]);
        for (int i = 0; i < source.Length; i++)
        {
            int[] changed = [.. source];
            changed[i] = (changed[i] + 1) % model.SourceVocabularySize;
            Assert.NotEqual(before, All(model, changed, [1, 3]));
        }
    }

    /// <summary>Beams that fork, cross over and drop out leave each survivor the past that it chose.</summary>
    public static void Reordered_beams_equal_their_own_pasts(ISequenceToSequenceModel model)
    {
        Random random = new(9);
        int[] source = Sources(model, random, 8)[0];
        int vocabulary = model.VocabularySize;
        List<(LanguageModelState State, List<int> Past)> beams = [(model.NewState(source), [])];
        for (int step = 0; step < 12; step++)
        {
            List<(LanguageModelState State, List<int> Past)> next = [];
            for (int child = 0; child < 4; child++)
            {
                (LanguageModelState state, List<int> past) = beams[random.Next(beams.Count)];
                next.Add((state.Fork(), [.. past, random.Next(vocabulary)]));
            }

            foreach ((LanguageModelState state, _) in beams)
                state.Dispose();
            beams = next;
            float[] logits = new float[beams.Count * vocabulary];
            model.Advance(
                [.. beams.Select(beam => beam.State)],
                [.. beams.Select(beam => (ReadOnlyMemory<int>)new[] { beam.Past[^1] })],
                logits,
                LogitsSelection.Last);
            for (int i = 0; i < beams.Count; i++)
                Assert.Equal(All(model, source, [.. beams[i].Past])[^vocabulary..], logits[(i * vocabulary)..((i + 1) * vocabulary)]);
        }
    }

    /// <summary>The most probable tokens are those of the logits, whatever is in the batch; states go on as after the logits.</summary>
    public static void Top_tokens_are_those_of_the_logits(ISequenceToSequenceModel model)
    {
        Random random = new(6);
        ITopTokensModel finder = (ITopTokensModel)model;
        int vocabulary = model.VocabularySize;
        int[] forbidden = [0, 3, vocabulary - 1];
        TopTokens top = new(vocabulary, 4, forbidden);
        int[][] sources = Sources(model, random, [.. Enumerable.Range(0, 45).Select(i => 1 + i % 9)]);
        SequenceToSequenceState[] states = model.NewStates([.. sources.Select(source => (ReadOnlyMemory<int>)source)]);
        List<int>[] pasts = [.. sources.Select(_ => new List<int>())];
        foreach (int count in (int[])[1, 45, 7, 45])
        {
            int[][] read = [.. Enumerable.Range(0, count).Select(i => Enumerable.Range(0, 1 + i % 3).Select(_ => random.Next(vocabulary)).ToArray())];
            finder.Advance(states.AsSpan(0, count).ToArray(), [.. read.Select(ids => (ReadOnlyMemory<int>)ids)], top);
            for (int row = 0; row < count; row++)
            {
                pasts[row].AddRange(read[row]);
                float[] logits = All(model, sources[row], [.. pasts[row]])[^vocabulary..];
                int[] best = [.. Enumerable.Range(0, vocabulary).Except(forbidden).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(4)];
                Assert.Equal(best, top.Ids(row).ToArray());
                Assert.Equal(best.Select(id => logits[id]), top.Logits(row).ToArray());
                Assert.Equal(Math.Log(logits.Sum(logit => Math.Exp((double)logit))), top.Total(row), 1e-5);
            }
        }

        // The likeliest alone, without what makes its logit a probability.
        TopTokens likeliest = new(vocabulary, 1, forbidden, keepTotals: false);
        foreach (int count in (int[])[1, 45, 7])
        {
            int[] read = [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
            finder.Advance(states.AsSpan(0, count).ToArray(), [.. read.Select(id => (ReadOnlyMemory<int>)new[] { id })], likeliest);
            for (int row = 0; row < count; row++)
            {
                pasts[row].Add(read[row]);
                float[] logits = All(model, sources[row], [.. pasts[row]])[^vocabulary..];
                int best = Enumerable.Range(0, vocabulary).Except(forbidden).MaxBy(id => logits[id]);
                Assert.Equal((best, logits[best], double.NaN), (likeliest.Ids(row)[0], likeliest.Logits(row)[0], likeliest.Total(row)));
            }
        }

        Assert.Throws<ArgumentException>(() => finder.Advance([states[0], states[0]], [new[] { 1 }, new[] { 1 }], top));
        Assert.Throws<ArgumentOutOfRangeException>(() => finder.Advance([states[0]], [new[] { 1 }], new TopTokens(vocabulary + 1, 1, [])));
    }

    public static void Wrong_arguments_are_named(ISequenceToSequenceModel model)
    {
        Assert.Throws<ArgumentException>(() => model.NewState(Array.Empty<int>()));
        Assert.Contains("source vocabulary", Assert.Throws<ArgumentException>(() => model.NewState(new[] { model.SourceVocabularySize })).Message);
        SequenceToSequenceState state = model.NewState(new[] { 1, 2 });
        float[] logits = new float[2 * model.VocabularySize];
        Assert.Throws<ArgumentException>(() => model.Advance(state, new[] { model.VocabularySize }, logits));
        Assert.Throws<ArgumentException>(() => model.Advance(state, Array.Empty<int>(), logits));
        Assert.Throws<ArgumentException>(() => model.Advance([state, state], [new[] { 1 }, new[] { 1 }], logits, LogitsSelection.Last));
        Assert.Throws<NotSupportedException>(() => model.NewState());
        Assert.Equal(0, state.Length);
        state.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Advance(state, new[] { 1 }, logits));
    }
}
