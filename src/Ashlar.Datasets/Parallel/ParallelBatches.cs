using System.Text.Json.Nodes;

namespace Ashlar.Datasets.Parallel;

/// <summary>
/// Training batches of pairs without end, by token count from length buckets: each epoch the pairs are shuffled, pairs of like
/// length come together, and the batches are drawn in random order. Deterministic, and its place is saved exactly.
/// </summary>
public sealed class ParallelBatches
{
    private readonly IReadOnlyList<ParallelExample> _examples;
    private readonly ParallelTokens _tokens;
    private readonly ParallelBatchSize _size;
    private readonly RandomSource _random;
    private JsonArray _epochRandom = [];
    private List<int[]> _batches = [];
    private int _cursor;

    /// <summary>Prepares the first epoch.</summary>
    /// <exception cref="InvalidDataException">There are no pairs, or one is larger than a batch.</exception>
    public ParallelBatches(IReadOnlyList<ParallelExample> examples, ParallelTokens tokens, ParallelBatchSize size, long seed)
    {
        size.Check(examples);
        _examples = examples;
        _tokens = tokens;
        _size = size;
        _random = new RandomSource(seed);
        _epochRandom = _random.Save();
        Draw();
    }

    /// <summary>Epochs that are complete.</summary>
    public int Epoch { get; private set; }

    /// <summary>Batches of the current epoch.</summary>
    public int BatchesPerEpoch => _batches.Count;

    /// <summary>The next batch.</summary>
    public ParallelBatch Next()
    {
        if (_cursor == _batches.Count)
        {
            _epochRandom = _random.Save();
            Draw();
            _cursor = 0;
            Epoch++;
        }

        return ParallelBatch.Of(_examples, _batches[_cursor++], _tokens);
    }

    /// <summary>Cursor and random numbers.</summary>
    public JsonObject SaveState() => new()
    {
        ["pairs"] = _examples.Count,
        ["epochRandom"] = _epochRandom.DeepClone(),
        ["epoch"] = Epoch,
        ["cursor"] = _cursor,
    };

    /// <summary>Continues exactly where <see cref="SaveState"/> was taken.</summary>
    /// <exception cref="InvalidDataException">The state is of other data.</exception>
    public void RestoreState(JsonObject state)
    {
        if (state["pairs"]!.GetValue<int>() != _examples.Count)
            throw new InvalidDataException($"the training data has {_examples.Count} pairs and had {state["pairs"]} when the state was saved; a run continues on the same data only.");

        // The order of an epoch is drawn again rather than stored: it would be as long as the corpus.
        _epochRandom = state["epochRandom"]!.DeepClone().AsArray();
        _random.Restore(_epochRandom);
        Draw();
        Epoch = state["epoch"]!.GetValue<int>();
        _cursor = state["cursor"]!.GetValue<int>();
    }

    /// <summary>Every pair once, in batches of like length, longest last: for validation. <see cref="ParallelBatch.Indices"/> gives the order back.</summary>
    /// <exception cref="InvalidDataException">There are no pairs, or one is larger than a batch.</exception>
    public static IEnumerable<ParallelBatch> Once(IReadOnlyList<ParallelExample> examples, ParallelTokens tokens, ParallelBatchSize size)
    {
        size.Check(examples);
        return size.Cut(examples, size.Sort(examples, [.. Enumerable.Range(0, examples.Count)]))
            .Select(batch => ParallelBatch.Of(examples, batch, tokens));
    }

    private void Draw()
    {
        int[] order = [.. Enumerable.Range(0, _examples.Count)];
        _random.Shuffle(order);
        List<int[]> batches = _size.Cut(_examples, _size.Sort(_examples, order));
        int[] turns = [.. Enumerable.Range(0, batches.Count)];
        _random.Shuffle(turns);
        _batches = [.. turns.Select(turn => batches[turn])];
    }
}
