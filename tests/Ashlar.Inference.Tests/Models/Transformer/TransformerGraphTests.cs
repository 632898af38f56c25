using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Models.Transformer;

namespace Ashlar.Inference.Tests.Models.Transformer;

public sealed class TransformerGraphTests
{
    // Between them they use every part of the graph, with widths below, at and between register widths.
    public static TheoryData<string> Shapes => ["marian", "shared", "pre-norm", "learned-gelu", "rotary-swiglu"];

    internal static TransformerConfiguration Shape(string name)
    {
        TransformerConfiguration marian = new()
        {
            SourceVocabularySize = 23,
            TargetVocabularySize = 37,
            Width = 24,
            EncoderLayerCount = 2,
            DecoderLayerCount = 3,
            EncoderHeadCount = 2,
            DecoderHeadCount = 4,
            EncoderFeedForwardWidth = 40,
            DecoderFeedForwardWidth = 50,
            MaximumLength = 40,
            Format = new() { PaddingId = 0, BeginId = 1, EndId = 2 },
        };
        return name switch
        {
            "marian" => marian,
            "shared" => marian with { SourceVocabularySize = 37, ShareEmbeddings = true, Activation = TransformerActivation.Silu, ScaleEmbedding = false },
            "pre-norm" => marian with { PreNorm = true, TieProjection = false, NormEpsilon = 1e-6 },
            "learned-gelu" => marian with { Positions = PositionEncoding.Learned, Activation = TransformerActivation.Gelu },
            "rotary-swiglu" => marian with
            {
                Positions = PositionEncoding.Rotary,
                Activation = TransformerActivation.SwiGlu,
                PreNorm = true,
                Width = 72,
                RopeTheta = 300,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }

    internal static (TransformerGraph Graph, ReferenceTransformer Reference, RandomTensors Tensors) Model(string shape, int seed = 1)
    {
        TransformerConfiguration c = Shape(shape);
        // Wide enough that attention is far from even, narrow enough that a wide model's activations stay of order 1 to 10.
        RandomTensors tensors = new(TransformerTensors.Of(c), seed, c.Width > 50 ? 0.3f : 0.5f);
        return (new TransformerGraph(c, tensors.Read, threadCount: 1), new ReferenceTransformer(c, tensors), tensors);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Logits_and_attention_equal_the_reference(string shape)
    {
        (TransformerGraph graph, ReferenceTransformer reference, _) = Model(shape);
        using (graph)
        {
            int[] source = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2], target = [1, 31, 4, 15, 9, 26];
            TranslationModelChecks.Close(reference.Logits(source, target), TranslationModelChecks.All(graph, source, target));
            SequenceToSequenceState state = graph.NewState(source, keepAttention: true);
            graph.Advance(state, target, new float[graph.VocabularySize]);
            for (int layer = 0; layer < graph.AttentionLayerCount; layer++)
                for (int head = 0; head < graph.AttentionHeadCount; head++)
                    for (int s = 0; s < source.Length; s++)
                        Assert.Equal(reference.CrossAttention[layer][head][^1][s], state.Attention(layer, head)[s], 1e-5);
            float[] mean = new float[source.Length];
            state.MeanAttention(graph, null, mean);
            Assert.Equal(1, mean.Sum(), 1e-5);
            Assert.Equal(reference.CrossAttention[^1].Average(head => head[^1][2]), mean[2], 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void What_the_tokens_of_a_side_take_from_each_other_equals_the_reference(string shape)
    {
        (TransformerGraph graph, ReferenceTransformer reference, _) = Model(shape);
        using (graph)
        {
            int[] source = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3], target = [1, 31, 4, 15, 9, 26];
            reference.Logits(source, target);
            Check(reference.EncoderAttention, graph.EncoderAttention(source), source.Length);
            Check(reference.DecoderAttention, graph.DecoderAttention(source, target), target.Length);
            // Looking changes nothing.
            TranslationModelChecks.Close(reference.Logits(source, target), TranslationModelChecks.All(graph, source, target));
        }

        static void Check(List<double[][][]> expected, SelfAttentionWeights found, int length)
        {
            Assert.Equal((expected.Count, expected[0].Length, length), (found.LayerCount, found.HeadCount, found.Length));
            int at = 0;
            foreach (double[] row in expected.SelectMany(layer => layer).SelectMany(head => head))
                for (int i = 0; i < length; i++, at++)
                    Assert.Equal(i < row.Length ? row[i] : 0, found.Weights[at], 1e-5);
            Assert.Equal(found.Weights.Length, at);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Padding_batches_caches_and_beams_change_nothing(string shape)
    {
        using TransformerGraph graph = Model(shape).Graph;
        TranslationModelChecks.Batches_change_nothing(graph);
        TranslationModelChecks.Nothing_leaks_from_the_future(graph);
        TranslationModelChecks.Every_source_token_matters(graph);
        TranslationModelChecks.Reordered_beams_equal_their_own_pasts(graph);
        TranslationModelChecks.Top_tokens_are_those_of_the_logits(graph);
        TranslationModelChecks.Wrong_arguments_are_named(graph);
    }

    [Fact]
    public void Threads_change_nothing()
    {
        TransformerConfiguration c = Shape("rotary-swiglu");
        RandomTensors tensors = new(TransformerTensors.Of(c), 2);
        using TransformerGraph one = new(c, tensors.Read, 1), two = new(c, tensors.Read, 2);
        int[] source = [.. Enumerable.Range(0, 40).Select(i => i % 23)], target = [.. Enumerable.Range(0, 40).Select(i => i % 37)];
        Assert.Equal(TranslationModelChecks.All(one, source, target), TranslationModelChecks.All(two, source, target));
        // Enough sequences that each thread takes its own.
        TranslationModelChecks.Batches_change_nothing(two);
        TranslationModelChecks.Top_tokens_are_those_of_the_logits(two);
        (float[] first, float[] second) = (Step(one), Step(two));
        Assert.Equal(first, second);

        float[] Step(TransformerGraph graph)
        {
            SequenceToSequenceState[] states = graph.NewStates([.. Enumerable.Range(0, 41).Select(i => (ReadOnlyMemory<int>)source.AsMemory(0, 1 + i % 20))]);
            float[] logits = new float[41 * graph.VocabularySize];
            graph.Advance(states, [.. Enumerable.Range(0, 41).Select(i => (ReadOnlyMemory<int>)target.AsMemory(0, 1 + i % 7))], logits, LogitsSelection.Last);
            return logits;
        }
    }

    // A reader that leaves one tensor out of its graph would pass every comparison in which that tensor is 0.
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_tensor_of_every_layer_matters(string shape)
    {
        TransformerConfiguration c = Shape(shape);
        RandomTensors tensors = new(TransformerTensors.Of(c), 3, 0.3f);
        int[] source = [.. Enumerable.Range(0, 22)], target = [.. Enumerable.Range(0, 37)];
        Random random = new(4);
        float[] before = Run();
        foreach ((string name, float[] values) in tensors.Values)
        {
            // Softmax does not see a shift that all keys share.
            if (name.EndsWith("k_proj.bias", StringComparison.Ordinal) && c.Positions != PositionEncoding.Rotary
                || name.EndsWith("encoder_attn.k_proj.bias", StringComparison.Ordinal))
                continue;
            float[] saved = [.. values];
            for (int i = 0; i < values.Length; i++)
                values[i] += random.NextSingle() - 0.5f;
            Assert.True(Run().Zip(before).Max(pair => Math.Abs(pair.First - pair.Second)) > 1e-4, name);
            saved.CopyTo(values, 0);
        }

        float[] Run()
        {
            using TransformerGraph graph = new(c, tensors.Read, 1);
            return TranslationModelChecks.All(graph, source, target);
        }
    }

    [Fact]
    public void What_is_too_long_is_refused_and_changes_nothing()
    {
        using TransformerGraph graph = Model("marian").Graph;
        Assert.Throws<ContextOverflowException>(() => graph.NewState(new int[41]));
        SequenceToSequenceState state = graph.NewState(new int[40]);
        float[] logits = new float[graph.VocabularySize];
        graph.Advance(state, new int[39], logits);
        Assert.Throws<ContextOverflowException>(() => graph.Advance(state, new int[2], logits));
        Assert.Equal(39, state.Length);
        graph.Advance(state, new int[1], logits);
        Assert.Equal(40, state.Length);
    }

    [Fact]
    public void A_state_goes_back_and_on()
    {
        using TransformerGraph graph = Model("pre-norm").Graph;
        int[] source = [5, 6, 7];
        SequenceToSequenceState state = graph.NewState(source);
        float[] logits = new float[graph.VocabularySize];
        graph.Advance(state, new[] { 1, 2, 3, 4, 5 }, logits);
        LanguageModelState fork = state.Fork();
        state.Truncate(2);
        graph.Advance(state, new[] { 9 }, logits);
        Assert.Equal(TranslationModelChecks.All(graph, source, [1, 2, 9])[^graph.VocabularySize..], logits);
        state.Dispose();
        graph.Advance(fork, new[] { 6 }, logits);
        Assert.Equal(TranslationModelChecks.All(graph, source, [1, 2, 3, 4, 5, 6])[^graph.VocabularySize..], logits);
    }

    [Fact]
    public void Attention_that_was_not_kept_cannot_be_read()
    {
        using TransformerGraph graph = Model("marian").Graph;
        SequenceToSequenceState state = graph.NewState(new[] { 1 });
        Assert.Throws<InvalidOperationException>(() => state.Attention(0, 0));
        SequenceToSequenceState kept = graph.NewState(new[] { 1 }, keepAttention: true);
        Assert.Throws<InvalidOperationException>(() => kept.Attention(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => kept.Attention(3, 0));
    }
}
