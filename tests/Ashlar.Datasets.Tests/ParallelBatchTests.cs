using System.Text.Json.Nodes;
using Ashlar.Datasets.Batches;
using Ashlar.Datasets.Parallel;
using Ashlar.Tokenizers;
using Ashlar.Tokenizers.Training;
using CsCheck;

namespace Ashlar.Datasets.Tests;

public sealed class ParallelBatchTests
{
    private static readonly ParallelTokens Tokens = new(Begin: 1, End: 2, SourcePadding: 0, TargetPadding: 3);

    private static readonly Gen<List<ParallelExample>> Examples = Gen.Select(Gen.Int[1, 30], Gen.Int[0, 30]).List[1, 60]
        .Select(lengths => lengths.Select((pair, index) => new ParallelExample(
            [.. Enumerable.Range(100 * index + 100, pair.Item1)], [.. Enumerable.Range(100 * index + 100, pair.Item2)])).ToList());

    [Fact]
    public void Inputs_are_shifted_against_targets_and_padding_is_never_a_target()
    {
        ParallelBatch batch = ParallelBatch.Of([new([7, 8, 9], [5]), new([6], [4, 5, 6])], [1, 0], Tokens);
        Assert.Equal((2, 3, 4), (batch.Rows, batch.SourceLength, batch.TargetLength));
        Assert.Equal([6, 0, 0, 7, 8, 9], batch.Source);
        Assert.Equal([1, 3], batch.SourceLengths);
        Assert.Equal([1, 4, 5, 6, 1, 5, 3, 3], batch.DecoderInputs);
        Assert.Equal([4, 5, 6, 2, 5, 2, TokenBatch.Ignored, TokenBatch.Ignored], batch.Targets);
        Assert.Equal([4, 2], batch.TargetLengths);
        Assert.Equal([true, false, false, true, true, true], batch.SourceMask());
        Assert.Equal([true, true, true, true, true, true, false, false], batch.TargetMask());
        Assert.Equal(6, batch.SupervisedCount);
        Assert.Equal([1, 0], batch.Indices);
    }

    [Fact]
    public void An_epoch_holds_every_pair_once_and_no_batch_is_too_large() => Gen.Select(Examples, Gen.Int[31, 200], Gen.Int[0, 5], Gen.Int[1, 8]).Sample((examples, tokens, pairs, width) =>
    {
        ParallelBatchSize size = new() { Tokens = tokens, Pairs = pairs, BucketWidth = width };
        ParallelBatches source = new(examples, Tokens, size, 5);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            List<int> seen = [];
            do
            {
                // The next epoch is drawn, and its batches are counted, with its first batch.
                ParallelBatch batch = source.Next();
                Assert.Equal(epoch, source.Epoch);
                Assert.True(batch.Rows * Math.Max(batch.SourceLength, batch.TargetLength) <= tokens);
                Assert.True(pairs == 0 || batch.Rows <= pairs);
                seen.AddRange(batch.Indices);
            }
            while (seen.Count < examples.Count);
            Assert.Equal(Enumerable.Range(0, examples.Count), seen.Order());
        }

        Assert.Equal(
            Enumerable.Range(0, examples.Count),
            ParallelBatches.Once(examples, Tokens, size).SelectMany(batch => batch.Indices).Order());
    });

    [Fact]
    public void Batches_pad_little()
    {
        Random random = new(3);
        List<ParallelExample> examples = [.. Enumerable.Range(0, 3000).Select(_ => random.Next(3, 40)).Select(length =>
            new ParallelExample(new int[length], new int[Math.Max(1, length + random.Next(-3, 4))]))];
        ParallelBatches source = new(examples, Tokens, new() { Tokens = 1024 }, 1);
        long filled = 0;
        long laid = 0;
        for (int i = source.BatchesPerEpoch; i > 0; i--)
        {
            ParallelBatch batch = source.Next();
            filled += batch.SourceLengths.Sum() + batch.TargetLengths.Sum();
            laid += batch.Source.Length + batch.Targets.Length;
        }

        Assert.InRange((double)filled / laid, 0.9, 1);
    }

    [Fact]
    public void A_restored_source_continues_exactly() => Gen.Select(Examples, Gen.Int[0, 40]).Sample((examples, before) =>
    {
        ParallelBatchSize size = new() { Tokens = 64 };
        ParallelBatches source = new(examples, Tokens, size, 7);
        for (int i = 0; i < before; i++)
            source.Next();
        JsonObject state = JsonNode.Parse(source.SaveState().ToJsonString())!.AsObject();
        ParallelBatches other = new(examples, Tokens, size, 99);
        other.RestoreState(state);
        for (int i = 0; i < 30; i++)
        {
            ParallelBatch expected = source.Next();
            ParallelBatch actual = other.Next();
            Assert.Equal(expected.Indices, actual.Indices);
            Assert.Equal(expected.Source, actual.Source);
            Assert.Equal(source.Epoch, other.Epoch);
        }
    });

    [Fact]
    public void Epochs_differ_and_seeds_differ_and_equal_seeds_agree()
    {
        List<ParallelExample> examples = [.. Enumerable.Range(1, 200).Select(n => new ParallelExample(new int[n % 9 + 1], new int[n % 7]))];
        int[] Epoch(ParallelBatches source) => [.. Enumerable.Range(0, source.BatchesPerEpoch).SelectMany(_ => source.Next().Indices)];
        ParallelBatches one = new(examples, Tokens, new() { Tokens = 50 }, 1);
        ParallelBatches same = new(examples, Tokens, new() { Tokens = 50 }, 1);
        int[] first = Epoch(one);
        Assert.Equal(first, Epoch(same));
        Assert.NotEqual(first, Epoch(one));
        Assert.NotEqual(first, Epoch(new(examples, Tokens, new() { Tokens = 50 }, 2)));
    }

    [Fact]
    public void Wrong_sizes_and_other_data_are_named()
    {
        List<ParallelExample> examples = [new([1, 2, 3], [4])];
        Assert.Contains("3 tokens on one side", Assert.Throws<InvalidDataException>(() => new ParallelBatches(examples, Tokens, new() { Tokens = 2 }, 1)).Message);
        Assert.Contains("no pair", Assert.Throws<InvalidDataException>(() => new ParallelBatches([], Tokens, new(), 1)).Message);
        Assert.Contains("needs a size", Assert.Throws<InvalidDataException>(() => new ParallelBatches(examples, Tokens, new() { Tokens = 0 }, 1)).Message);
        JsonObject state = new ParallelBatches(examples, Tokens, new(), 1).SaveState();
        Assert.Contains("had 1 when", Assert.Throws<InvalidDataException>(() => new ParallelBatches([examples[0], examples[0]], Tokens, new(), 1).RestoreState(state)).Message);
    }

    [Theory]
    [InlineData(0, 5, false)]
    [InlineData(1, 1, true)]
    [InlineData(10, 5, true)]
    [InlineData(11, 5, false)]
    [InlineData(5, 9, false)]
    [InlineData(2, 7, false)]
    [InlineData(2, 6, true)]
    public void The_filter_goes_by_length_and_ratio(int source, int target, bool keeps) =>
        Assert.Equal(keeps, new ParallelFilter { MaximumSourceLength = 10, MaximumTargetLength = 8, MaximumRatio = 3 }.Keeps(source, target));
}
