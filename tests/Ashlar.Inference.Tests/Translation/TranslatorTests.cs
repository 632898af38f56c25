using Ashlar.Checkpoints.Configurations;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Inference.Decoding;
using Ashlar.Inference.Models.RecurrentTranslation;
using Ashlar.Inference.Models.Transformer;
using Ashlar.Inference.Tests.Models;
using Ashlar.Inference.Tests.Models.RecurrentTranslation;
using Ashlar.Inference.Tests.Models.Transformer;
using Ashlar.Inference.Translation;
using Ashlar.Tokenizers;

namespace Ashlar.Inference.Tests.Translation;

public sealed class TranslatorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ashlar-translator-").FullName;

    internal static readonly TranslationOptions Short = new() { Search = new() { BeamCount = 3, MaxTokens = 8 }, BatchSize = 4 };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static Tokenizer Words(int count, string prefix) => ListedVocabulary.Words(
        ["<blank>", "<s>", "</s>", "<unk>", .. Enumerable.Range(4, count - 4).Select(i => prefix + i)], "<unk>", ["<blank>", "<s>", "</s>", "<unk>"]);

    internal static Translator NewTranslator(TransformerConfiguration? shape = null)
    {
        TransformerConfiguration c = shape ?? TransformerGraphTests.Shape("marian");
        return new Translator(
            new TransformerGraph(c, new RandomTensors(TransformerTensors.Of(c), 1).Read, 1),
            new TranslationVocabularies(Words(c.SourceVocabularySize, "s"), Words(c.TargetVocabularySize, "t")));
    }

    [Fact]
    public void Texts_come_back_in_their_order_each_as_if_alone()
    {
        Translator translator = NewTranslator();
        Random random = new(1);
        string[] texts = [.. Enumerable.Range(0, 23).Select(i => string.Join(' ', Enumerable.Range(0, random.Next(0, 12)).Select(_ => "s" + random.Next(4, 23))))];
        IReadOnlyList<IReadOnlyList<TranslatedText>> all = translator.Translate(texts, Short with { BestCount = 3 }, TestContext.Current.CancellationToken);
        for (int i = 0; i < texts.Length; i++)
        {
            TranslatedText alone = translator.Translate(texts[i], Short, TestContext.Current.CancellationToken);
            Assert.Equal((alone.Text, alone.Score), (all[i][0].Text, all[i][0].Score));
            if (texts[i].Length == 0)
                Assert.Equal("", alone.Text);
        }

        // Neither padding nor the begin token is ever written.
        Assert.DoesNotContain(all.SelectMany(texts => texts).SelectMany(text => text.Tokens), token => token is 0 or 1);
    }

    // Ends early and at the limit, alone and in batches, with a constraint that reads all logits, and with alignments.
    [Theory]
    [InlineData(1, 0)]
    [InlineData(4, 0)]
    [InlineData(4, 2)]
    public void Greedy_translations_are_the_same_without_their_scores(int batch, int noRepeat)
    {
        Translator translator = NewTranslator();
        Random random = new(2);
        string[] texts = [.. Enumerable.Range(0, 40).Select(_ => string.Join(' ', Enumerable.Range(0, random.Next(1, 12)).Select(_ => "s" + random.Next(4, 23))))];
        TranslationOptions scored = new() { Search = new() { BeamCount = 1, MaxTokens = 12, NoRepeatNGram = noRepeat, KeepAttention = true }, BatchSize = batch };
        TranslationOptions bare = scored with { Search = scored.Search with { KeepScores = false } };
        TranslatedText[] expected = Best(scored), actual = Best(bare);
        Assert.Equal(expected.Select(text => (text.Text, text.Ended)), actual.Select(text => (text.Text, text.Ended)));
        Assert.Equal(expected.SelectMany(text => text.Tokens), actual.SelectMany(text => text.Tokens));
        Assert.Equal(expected.SelectMany(text => text.Attention!.Weights.SelectMany(row => row)), actual.SelectMany(text => text.Attention!.Weights.SelectMany(row => row)));
        Assert.All(expected, text => Assert.InRange(text.LogProbability, -1000, -1e-9));
        if (noRepeat == 0)
            Assert.All(actual, text => Assert.True(double.IsNaN(text.Score) && double.IsNaN(text.LogProbability)));

        // A trace tells probabilities, whoever wants scores.
        (BeamTrace plain, BeamTrace other) = (new(), new());
        translator.Trace(texts[0], scored, plain, TestContext.Current.CancellationToken);
        translator.Trace(texts[0], bare, other, TestContext.Current.CancellationToken);
        Assert.Equal(plain.Hypotheses, other.Hypotheses);

        // Several beams are compared by their scores: they have them.
        TranslationOptions wide = Short with { Search = Short.Search with { KeepScores = false } };
        Assert.Equal(
            translator.Translate(texts, Short, TestContext.Current.CancellationToken).Select(found => found[0].Score),
            translator.Translate(texts, wide, TestContext.Current.CancellationToken).Select(found => found[0].Score));

        TranslatedText[] Best(TranslationOptions options) => [.. translator.Translate(texts, options, TestContext.Current.CancellationToken).Select(found => found[0])];
    }

    [Fact]
    public void Lines_stream_in_order_and_a_bad_one_is_named_and_stops_nothing()
    {
        Translator translator = NewTranslator();
        int read = 0;
        IEnumerable<string> Lines()
        {
            for (int i = 0; i < 1000; i++)
            {
                read++;
                yield return i == 5 ? string.Join(' ', Enumerable.Repeat("s4", 41)) : "s" + (4 + i % 19);
            }
        }

        List<TranslatedLine> first = [.. translator.TranslateLines(Lines(), Short, TestContext.Current.CancellationToken).Take(10)];
        // A window of lines, not the file.
        Assert.InRange(read, 10, 200);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (long)i), first.Select(line => line.Number));
        Assert.Contains("41 tokens", first[5].Problem);
        Assert.Empty(first[5].Translations);
        Assert.All(first.Where(line => line.Number != 6), line => Assert.Null(line.Problem));
        Assert.Equal(translator.Translate("s13", Short, TestContext.Current.CancellationToken).Text, first[9].Translations[0].Text);
        Assert.Throws<ContextOverflowException>(() => translator.Translate(string.Join(' ', Enumerable.Repeat("s4", 41)), Short, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_source_gets_what_the_format_puts_around_it()
    {
        TransformerConfiguration c = TransformerGraphTests.Shape("marian");
        Tokenizer source = ListedVocabulary.Words(["<blank>", "<s>", "</s>", "<unk>", "a", "b", "c", "<2en>", "<de>"], "<unk>", ["<blank>", "<s>", "</s>", "<unk>", "<2en>", "<de>"]);
        Assert.Equal([4, 5, 6], Encode(c.Format));
        Assert.Equal([6, 5, 4, 2], Encode(c.Format with { ReverseSource = true, SourceEndId = 2 }));
        Assert.Equal([7, 4, 5, 6], Encode(c.Format with { Tags = SourceTags.Target }));
        Assert.Equal([8, 7, 6, 5, 4, 2], Encode(c.Format with { Tags = SourceTags.SourceAndTarget, ReverseSource = true, SourceEndId = 2 }));
        Assert.Contains("<2fr>", Assert.Throws<InvalidDataException>(() => Encode(c.Format with { Tags = SourceTags.Target }, "fr")).Message);

        int[] Encode(TranslationFormat format, string target = "en") =>
            new SourceEncoder(format, source, new TranslationOptions { SourceLanguage = "de", TargetLanguage = target }).Encode("a b c");
    }

    [Fact]
    public void A_prefix_stands_at_the_beginning()
    {
        TranslatedText text = NewTranslator().Translate("s4 s5", Short with { ForcedPrefix = "t9 t8" }, TestContext.Current.CancellationToken);
        Assert.StartsWith("t9 t8", text.Text);
    }

    // The source allows one token; what must be written has its room all the same.
    [Theory]
    [InlineData(5, "", 6)]
    [InlineData(0, "t9 t8 t7", 4)]
    [InlineData(5, "t9 t8 t7", 6)]
    public void The_limit_by_the_source_leaves_room_for_what_must_be_written(int minimum, string prefix, int expected)
    {
        foreach (int beam in (int[])[1, 3])
        {
            TranslationOptions options = new()
            {
                Search = new() { BeamCount = beam, MaxTokens = 8, MinTokens = minimum },
                LengthFactor = 0,
                LengthAllowance = 1,
                ForcedPrefix = prefix,
            };
            TranslatedText text = NewTranslator().Translate("s4", options, TestContext.Current.CancellationToken);
            Assert.Equal(expected, text.Tokens.Count + (text.Ended ? 1 : 0));
            Assert.StartsWith(prefix, text.Text);
        }
    }

    [Theory]
    [InlineData(8, 8, "", "minimum length is 8; expected less than the maximum length (8)")]
    [InlineData(1000, 2000, "", "minimum length is 1000; expected less than the ")]
    [InlineData(0, 3, "t9 t8 t7", "the prefix has 3 tokens; expected less than the longest translation (3)")]
    public void What_cannot_be_written_is_refused_before_the_first_line(int minimum, int maximum, string prefix, string words)
    {
        TranslationOptions options = new() { Search = new() { MinTokens = minimum, MaxTokens = maximum }, ForcedPrefix = prefix };
        Assert.Contains(words, Assert.Throws<InvalidDataException>(
            () => { NewTranslator().TranslateLines(["s4"], options, TestContext.Current.CancellationToken); }).Message);
    }

    // Tokens found in the product, greedy ones by the screen, all logits, draws.
    [Theory]
    [InlineData(3, 0, false)]
    [InlineData(1, 0, false)]
    [InlineData(3, 2, false)]
    [InlineData(1, 0, true)]
    public void Weights_that_are_not_numbers_are_said_so(int beam, int minimum, bool draw)
    {
        TransformerConfiguration c = TransformerGraphTests.Shape("marian");
        RandomTensors tensors = new(TransformerTensors.Of(c), 1);
        tensors[TransformerTensors.Of(c).First(tensor => tensor.Name.Contains("fc1.weight", StringComparison.Ordinal)).Name][0] = float.NaN;
        Translator translator = new(
            new TransformerGraph(c, tensors.Read, 1), new TranslationVocabularies(Words(c.SourceVocabularySize, "s"), Words(c.TargetVocabularySize, "t")));
        TranslationOptions options = new()
        {
            Search = new() { BeamCount = beam, MaxTokens = 8, MinTokens = minimum, KeepScores = false },
            Sampling = draw ? new() { Seed = 1 } : null,
        };
        Assert.Contains("weights are damaged", Assert.Throws<InvalidDataException>(
            () => translator.Translate("s4 s5", options, TestContext.Current.CancellationToken)).Message);
    }

    // Several draws are told best first, so that the first of many is not a draw.
    [Fact]
    public void One_translation_is_one_draw()
    {
        Translator translator = NewTranslator();
        TranslationOptions options = new() { Search = new() { BeamCount = 1, MaxTokens = 8 }, Sampling = new() { Seed = 5 } };
        string[] texts = [.. Enumerable.Range(4, 12).Select(i => "s" + i)];
        Assert.Equal(Texts(1), Texts(5));

        string[] Texts(int beam) => [.. translator.Translate(texts, options with { Search = options.Search with { BeamCount = beam } }, TestContext.Current.CancellationToken).Select(found => Assert.Single(found).Text)];
    }

    [Fact]
    public void A_saved_model_is_loaded_by_its_type()
    {
        TransformerConfiguration transformer = TransformerGraphTests.Shape("shared");
        RandomTensors tensors = new(TransformerTensors.Of(transformer), 1);
        Save(transformer.ToJson().ToJsonString(), TransformerTensors.Of(transformer), tensors);
        Tokenizer shared = Words(37, "w");
        new TranslationVocabularies(shared, shared).Save(_folder);
        Assert.True(LoadedTranslator.Recognizes(_folder));
        using (LoadedTranslator loaded = LoadedTranslator.Load(_folder, 1))
        {
            Assert.True(loaded.Translator.Vocabularies.AreShared);
            Translator own = new(new TransformerGraph(transformer, tensors.Read, 1), new TranslationVocabularies(shared, shared));
            Assert.Equal(own.Translate("w5 w9", Short, TestContext.Current.CancellationToken).Text, loaded.Translator.Translate("w5 w9", Short, TestContext.Current.CancellationToken).Text);
        }

        RecurrentTranslationConfiguration recurrent = RecurrentTranslationGraphTests.Shape("bahdanau");
        tensors = new(RecurrentTranslationTensors.Of(recurrent), 1);
        Save(recurrent.ToJson().ToJsonString(), RecurrentTranslationTensors.Of(recurrent), tensors);
        TranslationVocabularies apart = new(Words(23, "s"), Words(37, "t"));
        apart.Save(_folder);
        using (LoadedTranslator loaded = LoadedTranslator.Load(_folder, 1))
        {
            Assert.False(loaded.Translator.Vocabularies.AreShared);
            Translator own = new(new RecurrentTranslationGraph(recurrent, tensors.Read, 1), apart);
            Assert.Equal(own.Translate("s5 s9", Short, TestContext.Current.CancellationToken).Text, loaded.Translator.Translate("s5 s9", Short, TestContext.Current.CancellationToken).Text);
        }

        File.WriteAllText(Path.Combine(_folder, "config.json"), """{ "model_type": "gpt2" }""");
        Assert.False(LoadedTranslator.Recognizes(_folder));
        Assert.Contains("marian", Assert.Throws<InvalidDataException>(() => LoadedTranslator.Load(_folder)).Message);
    }

    [Fact]
    public void Vocabularies_that_do_not_belong_are_refused()
    {
        TransformerConfiguration c = TransformerGraphTests.Shape("marian");
        TransformerGraph graph = new(c, new RandomTensors(TransformerTensors.Of(c), 1).Read, 1);
        Assert.Contains("source tokenizer has 24 ids", Assert.Throws<InvalidDataException>(
            () => new Translator(graph, new TranslationVocabularies(Words(24, "s"), Words(37, "t")))).Message);
    }

    private void Save(string configuration, IEnumerable<TensorDescription> shapes, RandomTensors tensors)
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), configuration);
        SafetensorsWriter.Write(
            Path.Combine(_folder, "model.safetensors"),
            [.. shapes.Select(tensor => SafetensorsEntry.Float32(tensor.Name, tensor.Shape, tensors[tensor.Name]))]);
    }
}
