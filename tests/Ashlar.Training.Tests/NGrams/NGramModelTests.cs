using Ashlar.Inference;
using Ashlar.Inference.Models.NGrams;
using Ashlar.Training.NGrams;
using CsCheck;

namespace Ashlar.Training.Tests.NGrams;

public sealed class NGramModelTests
{
    public static TheoryData<NGramSmoothing> Smoothings =>
        [NGramSmoothing.MaximumLikelihood, NGramSmoothing.AddK, NGramSmoothing.WittenBell, NGramSmoothing.KneserNey, NGramSmoothing.ModifiedKneserNey];

    // Random sentences over a vocabulary of 9, of which 7 and 8 are never seen; begin and end may be one token, two or none.
    private static readonly Gen<(int[][] Documents, int Order, int Boundary, int Seed)> Corpora =
        Gen.Select(Gen.Int[0, 5].Array[0, 30].Array[1, 25], Gen.Int[1, 7], Gen.Int[0, 2], Gen.Int[0, 1 << 20]);

    [Theory]
    [MemberData(nameof(Smoothings))]
    public void Probabilities_are_those_of_the_textbook_and_sum_to_one(NGramSmoothing smoothing) => Corpora.Sample(corpus =>
    {
        (int begin, int end) = Boundary(corpus.Boundary);
        int[][] documents = Documents(corpus.Documents, begin, end);
        NGramEstimatorOptions options = new() { Smoothing = smoothing, K = 0.3, BeginId = begin, EndId = end };
        using CountedModel counted = new(documents, 9, corpus.Order, options, blockTokens: 40);
        NaiveNGrams naive = new(documents, 9, corpus.Order, new(smoothing, begin, end, 0.3));
        Random random = new(corpus.Seed);
        double[] probabilities = new double[9];
        float[] logits = new float[9];
        for (int trial = 0; trial < 12; trial++)
        {
            int[] history = [.. Enumerable.Range(0, random.Next(9)).Select(_ => random.Next(7))];
            if (begin >= 0 && random.Next(2) == 0)
                history = [begin, .. history];
            counted.Model.Probabilities(history, probabilities);
            Assert.Equal(1, probabilities.Sum(), 1e-9);
            for (int w = 0; w < 9; w++)
            {
                Assert.Equal(naive.Probability(history, w), probabilities[w], 1e-9);
                Assert.Equal(probabilities[w], counted.Model.Probability(history, w), 1e-12);
                BackoffPath path = counted.Model.Explain(history, w);
                Assert.Equal(probabilities[w], path.Probability, 1e-12);
                Assert.Equal(path.Probability, path.Steps[0].Probability);
            }

            if (history.Length == 0)
                continue;
            using LanguageModelState state = counted.Model.NewState();
            counted.Model.Advance(state, history, logits);
            Assert.Equal(1, logits.Sum(l => Math.Exp(l)), 1e-6);
            for (int w = 0; w < 9; w++)
                Assert.Equal(probabilities[w], Math.Exp(logits[w]), 1e-6);
        }
    }, iter: 60, threads: 1);

    [Fact]
    public void Left_out_n_grams_leave_their_share_to_the_lower_order() => Corpora.Sample(corpus =>
    {
        (int begin, int end) = Boundary(corpus.Boundary);
        int[][] documents = Documents(corpus.Documents, begin, end);
        double[] probabilities = new double[9];
        foreach (NGramSmoothing smoothing in Smoothings.Select(row => row.Data))
        {
            using CountedModel counted = new(
                documents, 9, corpus.Order, new() { Smoothing = smoothing, BeginId = begin, EndId = end, MinimumCounts = [1, 2, 3] });
            foreach (int[] history in documents.Append([6, 7]))
            {
                counted.Model.Probabilities(history, probabilities);
                Assert.Equal(1, probabilities.Sum(), 1e-9);
            }
        }
    }, iter: 30, threads: 1);

    [Fact]
    public void Blocks_that_are_spilled_and_merged_count_as_one() => Corpora.Sample(corpus =>
    {
        (int begin, int end) = Boundary(corpus.Boundary);
        int[][] documents = Documents(corpus.Documents, begin, end);
        NGramEstimatorOptions options = new() { Smoothing = NGramSmoothing.ModifiedKneserNey, BeginId = begin, EndId = end };
        using CountedModel whole = new(documents, 9, corpus.Order, options);
        using CountedModel pieces = new(documents, 9, corpus.Order, options, blockTokens: 1);
        Assert.Equal(File.ReadAllBytes(whole.Path), File.ReadAllBytes(pieces.Path));
        Assert.Equal(documents.Sum(d => d.Length) - (begin >= 0 ? documents.Length : 0), whole.Counts.TokenCount);
        foreach (int[] document in documents)
            for (int n = 1; n <= Math.Min(corpus.Order, document.Length); n++)
                Assert.Equal(Occurrences(documents, document[^n..], begin), whole.Counts.Of(document[^n..]));
    }, iter: 60, threads: 1);

    [Fact]
    public void A_batch_of_forked_and_truncated_states_equals_reading_alone()
    {
        int[][] documents = [[1, 2, 3, 1, 2, 4, 1, 2, 3, 5, 0, 1, 2]];
        using CountedModel counted = new(documents, 6, 4, new() { Smoothing = NGramSmoothing.WittenBell });
        NGramModel model = counted.Model;
        using LanguageModelState a = model.NewState();
        float[] logits = new float[12], alone = new float[6];
        model.Advance(a, new[] { 1, 2, 3, 1 }, new float[6]);
        using LanguageModelState b = a.Fork();
        model.Advance([a, b], [new[] { 2 }, new[] { 5 }], logits, LogitsSelection.Last);
        Assert.Equal(Alone(1, 2, 3, 1, 2), logits[..6]);
        Assert.Equal(Alone(1, 2, 3, 1, 5), logits[6..]);
        a.Truncate(2);
        Assert.Equal(2, a.Length);
        model.Advance(a, new[] { 4 }, logits);
        Assert.Equal(Alone(1, 2, 4), logits[..6]);
        a.Truncate(0);
        float[] all = new float[18];
        model.Advance(a, new[] { 3, 5, 0 }, all, LogitsSelection.All);
        Assert.Equal([.. Alone(3), .. Alone(3, 5), .. Alone(3, 5, 0)], all);
        Assert.Throws<ArgumentOutOfRangeException>(() => a.Truncate(4));
        Assert.Throws<ArgumentException>(() => model.Advance(a, new[] { 6 }, logits));
        Assert.Throws<ArgumentException>(() => model.Advance([a, a], [new[] { 1 }, new[] { 1 }], logits, LogitsSelection.Last));

        float[] Alone(params int[] tokens)
        {
            using LanguageModelState state = model.NewState();
            model.Advance(state, tokens, alone);
            return [.. alone];
        }
    }

    [Fact]
    public void An_endless_text_is_read_in_bounded_memory_and_can_still_be_taken_back_a_little()
    {
        using CountedModel counted = new([[0, 1, 2, 0, 1]], 3, 3, new() { Smoothing = NGramSmoothing.WittenBell });
        using LanguageModelState state = counted.Model.NewState();
        float[] logits = new float[3], expected = new float[3];
        int[] text = [.. Enumerable.Range(0, 200_000).Select(i => i % 3)];
        counted.Model.Advance(state, text, logits);
        Assert.Equal(200_000, state.Length);
        state.Truncate(199_000);
        counted.Model.Advance(state, new[] { 1 }, logits);
        using LanguageModelState other = counted.Model.NewState();
        counted.Model.Advance(other, new[] { text[198_999], 1 }, expected);
        Assert.Equal(expected, logits);
        Assert.Throws<NotSupportedException>(() => state.Truncate(10));
        Assert.Equal((0, 190_000), (state.ReachableLength(10), state.ReachableLength(190_000)));
        state.Truncate(0);
        Assert.Equal(0, state.Length);
    }

    [Fact]
    public void Every_damaged_byte_of_a_file_is_noticed()
    {
        using CountedModel counted = new([[1, 2, 3, 1, 2, 4, 1, 2, 3, 5, 0, 1, 2]], 6, 3, new() { Smoothing = NGramSmoothing.KneserNey });
        byte[] bytes = File.ReadAllBytes(counted.Path);
        string copy = counted.Path + ".copy";
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[i] ^= 0x10;
            File.WriteAllBytes(copy, damaged);
            Assert.Contains(copy, Assert.Throws<InvalidDataException>(() => NGramModel.Open(copy, verify: true)).Message);
        }

        File.WriteAllBytes(copy, bytes[..^8]);
        Assert.Contains("truncated", Assert.Throws<InvalidDataException>(() => NGramModel.Open(copy)).Message);
        Assert.Throws<FileNotFoundException>(() => NGramModel.Open(copy + "x"));
    }

    // Without the checksum a damaged table may give wrong numbers, but never reads outside the file.
    [Fact]
    public void A_damaged_table_is_an_error_or_a_number()
    {
        using CountedModel counted = new([[1, 2, 3, 1, 2, 4, 1, 2, 3, 5, 0, 1, 2]], 6, 3, new() { Smoothing = NGramSmoothing.WittenBell });
        byte[] bytes = File.ReadAllBytes(counted.Path);
        string copy = counted.Path + ".copy";
        for (int i = 128; i < bytes.Length; i++)
        {
            byte[] damaged = [.. bytes];
            damaged[i] = 0xFF;
            File.WriteAllBytes(copy, damaged);
            try
            {
                using NGramModel model = NGramModel.Open(copy);
                for (int w = 0; w < 6; w++)
                    model.Probability([1, 2], w);
            }
            catch (InvalidDataException error)
            {
                Assert.Contains(copy, error.Message);
            }
        }
    }

    // The orders above the length of the text have no n-grams at all, and no context may be looked up in them.
    [Theory]
    [MemberData(nameof(Smoothings))]
    public void A_text_shorter_than_the_order_is_no_reason_to_fail(NGramSmoothing smoothing)
    {
        int[][] documents = [[3, 1], [2]];
        using CountedModel counted = new(documents, 5, 7, new() { Smoothing = smoothing, K = 0.3 });
        NaiveNGrams naive = new(documents, 5, 7, new(smoothing, -1, -1, 0.3));
        Assert.Equal([5, 1, 0, 0, 0, 0, 0], counted.Model.Counts);
        int[] history = [4, 3, 1, 4, 4, 3, 1, 2];
        using LanguageModelState state = counted.Model.NewState();
        float[] logits = new float[5 * history.Length];
        counted.Model.Advance([state], [history], logits, LogitsSelection.All);
        for (int i = 0; i < history.Length; i++)
            for (int w = 0; w < 5; w++)
                Assert.Equal(naive.Probability(history.AsSpan(0, i + 1), w), Math.Exp(logits[(i * 5) + w]), 1e-6);
    }

    [Fact]
    public void Impossible_options_are_refused()
    {
        int[][] documents = [[1, 2, 3]];
        NGramEstimatorOptions options = new() { Smoothing = NGramSmoothing.ModifiedKneserNey };
        Assert.Contains("minimum counts", Assert.Throws<InvalidDataException>(() => new CountedModel(documents, 4, 3, options with { MinimumCounts = [2, 1] })).Message);
        Assert.Contains("2 discounts", Assert.Throws<InvalidDataException>(() => new CountedModel(documents, 4, 3, options with { Discounts = [1, 1] })).Message);
        Assert.Contains("k is 0", Assert.Throws<InvalidDataException>(() => new CountedModel(documents, 4, 3, new() { Smoothing = NGramSmoothing.AddK, K = 0 })).Message);
        Assert.Contains("token id 3", Assert.Throws<InvalidDataException>(() => new CountedModel(documents, 3, 3, options)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CountedModel(documents, 4, 8, options));
    }

    private static (int Begin, int End) Boundary(int kind) => kind switch
    {
        0 => (-1, -1),
        1 => (6, 6),
        _ => (8, 6),
    };

    private static int[][] Documents(int[][] sentences, int begin, int end) =>
        begin < 0 ? sentences : [.. sentences.Select(s => (int[])[begin, .. s, end])];

    private static long Occurrences(int[][] documents, int[] ngram, int begin) => documents.Sum(document =>
        Enumerable.Range(0, Math.Max(0, document.Length - ngram.Length + 1)).LongCount(i =>
            document.AsSpan(i, ngram.Length).SequenceEqual(ngram) && !(ngram.Length == 1 && i == 0 && begin >= 0)));
}
