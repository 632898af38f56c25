using System.Text.Json.Nodes;
using Ashlar.Datasets.Batches;

namespace Ashlar.Datasets.Tests;

public sealed class ContiguousStreamsTests
{
    [Fact]
    public void A_track_goes_on_from_batch_to_batch_and_targets_follow_inputs()
    {
        ContiguousStreams source = new([.. Enumerable.Range(0, 101)], rows: 4, length: 7, seed: 1);
        TokenBatch batch = source.Next();
        Assert.False(batch.Continues);
        long first = batch.Inputs[0];
        Assert.InRange(first, 0, 6);
        int track = (100 - (int)first) / 4;
        int seen = 0;
        while (true)
        {
            for (int row = 0; row < 4; row++)
            {
                for (int i = 0; i < batch.Length; i++)
                {
                    Assert.Equal(first + row * track + seen + i, batch.Inputs[row * batch.Length + i]);
                    Assert.Equal(batch.Inputs[row * batch.Length + i] + 1, batch.Targets[row * batch.Length + i]);
                }
            }

            seen += batch.Length;
            if (seen == track)
                break;
            batch = source.Next();
            Assert.True(batch.Continues);
        }

        Assert.False(source.Next().Continues); // the next epoch starts anew
    }

    [Fact]
    public void Every_target_is_scored_once_in_order()
    {
        foreach (int rows in new[] { 1, 3, 10 })
        {
            List<long> targets = [];
            TokenBatch[] batches = [.. ContiguousStreams.InOrder([.. Enumerable.Range(0, 54)], rows, 5)];
            foreach (TokenBatch batch in batches)
                targets.AddRange(batch.Targets.Where(target => target != TokenBatch.Ignored));
            Assert.Equal(Enumerable.Range(1, 53).Select(i => (long)i), targets.Order());
            Assert.All(batches.Skip(1), batch => Assert.True(batch.Continues));
            Assert.False(batches[0].Continues);
        }
    }

    [Fact]
    public void Positions_count_from_the_boundary_also_across_batches()
    {
        int[] tokens = [9, 1, 2, 3, 9, 4, 9, 5, 6, 7, 8];
        TokenBatch[] batches = [.. ContiguousStreams.InOrder(tokens, 2, 3, boundary: 9)];
        Assert.Equal([0, 1, 2, 1, 0, 1], batches[0].Positions!); // rows 9 1 2 and 4 9 5
        Assert.Equal([3, 0, 2, 3], batches[1].Positions!); // rows 3 9 and 6 7
        Assert.Null(ContiguousStreams.InOrder(tokens, 2, 3).First().Positions);
    }

    [Fact]
    public void Saved_and_restored_it_goes_on_as_it_would_have()
    {
        int[] tokens = [.. Enumerable.Range(0, 57)];
        ContiguousStreams source = new(tokens, rows: 3, length: 4, seed: 5);
        for (int i = 0; i < 8; i++)
            source.Next();
        JsonObject state = JsonNode.Parse(source.SaveState().ToJsonString())!.AsObject();
        ContiguousStreams other = new(tokens, rows: 3, length: 4, seed: 6);
        other.RestoreState(state);
        for (int i = 0; i < 20; i++)
        {
            TokenBatch expected = source.Next(), actual = other.Next();
            Assert.Equal(expected.Inputs, actual.Inputs);
            Assert.Equal(expected.Continues, actual.Continues);
        }

        Assert.Throws<InvalidDataException>(() => new ContiguousStreams([1, 2, 3], 3, 4, 5).RestoreState(state));
    }

    [Fact]
    public void A_text_too_short_for_its_tracks_is_refused() =>
        Assert.Throws<InvalidDataException>(() => new ContiguousStreams([1, 2, 3], rows: 3, length: 4, seed: 1));
}
