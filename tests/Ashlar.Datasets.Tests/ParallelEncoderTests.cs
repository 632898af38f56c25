using Ashlar.Datasets.Parallel;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;

namespace Ashlar.Datasets.Tests;

public sealed class ParallelEncoderTests
{
    // a = 0, b = 1, c = 2; </s> = 3, <2en> = 4, <zh> = 5.
    private static readonly Tokenizer Vocabulary = CharacterTrainer.Train(["abc"], ["</s>", "<2en>", "<zh>"]);
    private static readonly TranslationDirection Direction = new("zh", "en");

    [Fact]
    public void The_source_gets_tags_before_and_the_end_after()
    {
        ParallelEncoder encoder = new(Vocabulary) { SourceEnd = 3, Tags = LanguageTags.SourceAndTarget };
        ParallelExample example = encoder.Encode(new SentencePair("ab", "c", Direction))!;
        Assert.Equal([5, 4, 0, 1, 3], example.Source);
        Assert.Equal([2], example.Target);
        Assert.Equal(2, example.TargetSteps);
        Assert.Equal(example.Source, encoder.EncodeSource("ab", Direction));
        Assert.Equal([4, 0, 1], new ParallelEncoder(Vocabulary) { Tags = LanguageTags.Target }.EncodeSource("ab", Direction));
    }

    [Fact]
    public void Reversal_leaves_tags_and_end_in_place() =>
        Assert.Equal([4, 2, 1, 0, 3], new ParallelEncoder(Vocabulary) { SourceEnd = 3, Tags = LanguageTags.Target, ReverseSource = true }.EncodeSource("abc", Direction));

    [Fact]
    public void Text_that_spells_a_tag_is_no_tag() =>
        Assert.Throws<InvalidDataException>(() => new ParallelEncoder(Vocabulary).EncodeSource("<2en>"));

    [Fact]
    public void Missing_tags_and_languages_are_named()
    {
        ParallelEncoder encoder = new(Vocabulary) { Tags = LanguageTags.Target };
        Assert.Contains("<2zh>", Assert.Throws<InvalidDataException>(() => encoder.EncodeSource("a", Direction.Reversed)).Message);
        Assert.Contains("'zh-en'", Assert.Throws<InvalidDataException>(() => encoder.EncodeSource("a")).Message);
    }

    [Fact]
    public void Two_vocabularies_and_the_filter()
    {
        Tokenizer target = CharacterTrainer.Train(["xyz"]);
        ParallelEncoder encoder = new(Vocabulary, target) { Filter = new() { MaximumRatio = 2 } };
        List<ParallelExample> examples = encoder.Encode([new("ab", "zx"), new("a", "xyz"), new("", "x")], out int dropped);
        ParallelExample only = Assert.Single(examples);
        Assert.Equal([0, 1], only.Source);
        Assert.Equal([2, 0], only.Target);
        Assert.Equal(2, dropped);
    }
}
