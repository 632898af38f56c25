using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Models.RecurrentTranslation;

namespace Ashlar.Inference.Tests.Models.RecurrentTranslation;

public sealed class RecurrentTranslationGraphTests
{
    // Between them: every cell, attention, bridge and direction, one layer and several, with and without each option.
    public static TheoryData<string> Shapes =>
        ["sentence", "fed-sentence", "bahdanau", "luong-dot", "luong-general", "luong-concat", "gnmt", "copy-bidirectional"];

    internal static RecurrentTranslationConfiguration Shape(string name)
    {
        RecurrentTranslationConfiguration c = new()
        {
            Cell = RecurrentCell.Gru,
            SourceVocabularySize = 23,
            TargetVocabularySize = 37,
            EmbeddingWidth = 10,
            EncoderWidth = 18,
            DecoderWidth = 24,
            Format = new() { PaddingId = 0, BeginId = 1, EndId = 2 },
        };
        return name switch
        {
            "sentence" => c with { Cell = RecurrentCell.Lstm, EncoderLayerCount = 2, DecoderLayerCount = 3, Residual = true },
            "fed-sentence" => c with { FeedSentence = true, Bridge = RecurrentBridge.Zero, ReadoutWidth = 10, TieProjection = true },
            "bahdanau" => c with { Attention = RecurrentAttention.Bahdanau, Bidirectional = true, DecoderLayerCount = 2, AttentionWidth = 13 },
            "luong-dot" => c with { Attention = RecurrentAttention.LuongDot, Cell = RecurrentCell.RnnTanh, EncoderWidth = 24, InputFeeding = true },
            "luong-general" => c with
            {
                Attention = RecurrentAttention.LuongGeneral,
                Cell = RecurrentCell.Lstm,
                InputFeeding = true,
                EncoderWidth = 24,
                Bridge = RecurrentBridge.Copy,
                SourceVocabularySize = 37,
                ShareEmbeddings = true,
            },
            "luong-concat" => c with { Attention = RecurrentAttention.LuongConcat, Cell = RecurrentCell.RnnRelu, Bidirectional = true, ReadoutWidth = 17 },
            "gnmt" => c with
            {
                Attention = RecurrentAttention.Gnmt,
                Cell = RecurrentCell.Lstm,
                Bidirectional = true,
                Residual = true,
                EncoderLayerCount = 3,
                DecoderLayerCount = 3,
            },
            "copy-bidirectional" => c with
            {
                Attention = RecurrentAttention.LuongGeneral,
                Cell = RecurrentCell.Lstm,
                Bidirectional = true,
                Residual = true,
                EncoderWidth = 12,
                EncoderLayerCount = 3,
                DecoderLayerCount = 3,
                Bridge = RecurrentBridge.Copy,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }

    internal static (RecurrentTranslationGraph Graph, ReferenceRecurrentTranslation Reference, RandomTensors Tensors) Model(
        RecurrentTranslationConfiguration c, int seed = 1)
    {
        RandomTensors tensors = new(RecurrentTranslationTensors.Of(c), seed, 0.4f);
        return (new(c, tensors.Read, threadCount: 1), new(c, tensors), tensors);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Logits_and_attention_equal_the_reference(string shape)
    {
        (RecurrentTranslationGraph graph, ReferenceRecurrentTranslation reference, _) = Model(Shape(shape));
        int[] source = [3, 1, 4, 1, 5, 9, 2, 6, 5], target = [1, 31, 4, 15, 9, 26];
        TranslationModelChecks.Close(reference.Logits(source, target), TranslationModelChecks.All(graph, source, target));
        SequenceToSequenceState state = graph.NewState(source, keepAttention: true);
        Assert.Equal(graph.AttentionLayerCount > 0, state.KeepsAttention);
        if (!state.KeepsAttention)
            return;
        for (int t = 0; t < target.Length; t++)
        {
            graph.Advance(state, target.AsMemory(t, 1), new float[graph.VocabularySize]);
            for (int s = 0; s < source.Length; s++)
                Assert.Equal(reference.Attention[t][s], state.Attention(0, 0)[s], 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Padding_batches_and_beams_change_nothing(string shape)
    {
        RecurrentTranslationGraph graph = Model(Shape(shape)).Graph;
        TranslationModelChecks.Batches_change_nothing(graph);
        TranslationModelChecks.Nothing_leaks_from_the_future(graph);
        TranslationModelChecks.Every_source_token_matters(graph);
        TranslationModelChecks.Reordered_beams_equal_their_own_pasts(graph);
        TranslationModelChecks.Wrong_arguments_are_named(graph);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Every_tensor_of_every_layer_and_direction_matters(string shape)
    {
        RecurrentTranslationConfiguration c = Shape(shape);
        RandomTensors tensors = new(RecurrentTranslationTensors.Of(c), 3, 0.4f);
        Random random = new(4);
        int[] source = [.. Enumerable.Range(0, 22)], target = [.. Enumerable.Range(0, 37)];
        float[] before = TranslationModelChecks.All(new RecurrentTranslationGraph(c, tensors.Read, 1), source, target);
        foreach ((string name, float[] values) in tensors.Values)
        {
            float[] saved = [.. values];
            for (int i = 0; i < values.Length; i++)
                values[i] += random.NextSingle() - 0.5f;
            float[] after = TranslationModelChecks.All(new RecurrentTranslationGraph(c, tensors.Read, 1), source, target);
            Assert.True(after.Zip(before).Max(pair => Math.Abs(pair.First - pair.Second)) > 1e-4, name);
            saved.CopyTo(values, 0);
        }
    }

    // The six modes, alone and in a batch with a longer sentence, whose padding would show in mean, sum and max.
    [Theory]
    [InlineData(SentencePooling.Last, false)]
    [InlineData(SentencePooling.Last, true)]
    [InlineData(SentencePooling.Mean, true)]
    [InlineData(SentencePooling.FirstLastMean, true)]
    [InlineData(SentencePooling.MeanLastN, true)]
    [InlineData(SentencePooling.Sum, false)]
    [InlineData(SentencePooling.Max, true)]
    public void Pooling_ignores_what_is_not_there(SentencePooling pooling, bool bidirectional)
    {
        RecurrentTranslationConfiguration c = Shape("sentence") with { Pooling = pooling, Bidirectional = bidirectional, Residual = false };
        (RecurrentTranslationGraph graph, ReferenceRecurrentTranslation reference, _) = Model(c);
        foreach (int[] source in (int[][])[[5], [5, 6], [3, 1, 4, 1, 5]])
        {
            double[] expected = reference.Pool(reference.Encode(source).Memory);
            float[] alone = graph.Encode(source);
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], alone[i], 1e-5);
            SequenceToSequenceState[] together = graph.NewStates([new int[30], source, new int[2]]);
            float[] logits = new float[3 * graph.VocabularySize];
            graph.Advance([.. together], [new[] { 1 }, new[] { 1 }, new[] { 1 }], logits, LogitsSelection.Last);
            Assert.Equal(TranslationModelChecks.All(graph, source, [1]), logits[graph.VocabularySize..(2 * graph.VocabularySize)]);
        }
    }

    [Fact]
    public void A_state_goes_back_to_its_beginning_only()
    {
        RecurrentTranslationGraph graph = Model(Shape("luong-general")).Graph;
        SequenceToSequenceState state = graph.NewState(new[] { 5, 6, 7 });
        float[] logits = new float[graph.VocabularySize];
        graph.Advance(state, new[] { 1, 2, 3 }, logits);
        Assert.Throws<NotSupportedException>(() => state.Truncate(2));
        Assert.Equal(0, state.ReachableLength(2));
        state.Truncate(0);
        graph.Advance(state, new[] { 9 }, logits);
        Assert.Equal(TranslationModelChecks.All(graph, [5, 6, 7], [9]), logits);
    }

    [Fact]
    public void A_longest_length_is_kept()
    {
        RecurrentTranslationGraph graph = Model(Shape("sentence") with { MaximumLength = 3 }).Graph;
        Assert.Throws<ContextOverflowException>(() => graph.NewState(new int[4]));
        SequenceToSequenceState state = graph.NewState(new int[3]);
        Assert.Throws<ContextOverflowException>(() => graph.Advance(state, new int[4], new float[graph.VocabularySize]));
    }
}
