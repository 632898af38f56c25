namespace Ashlar.Training.NGrams;

/// <summary>How counting uses the machine.</summary>
public sealed record NGramCounterOptions
{
    /// <summary>Tokens sorted at once; each takes about 45 bytes while it is counted.</summary>
    public int BlockTokens { get; init; } = 1 << 22;

    /// <summary>Folder for the sorted runs; the system's by default. They are deleted as they are read.</summary>
    public string? TemporaryFolder { get; init; }
}

/// <summary>
/// Counts all n-grams up to an order in a stream of documents of any length. Tokens fill a block; a full block is sorted and
/// written out by a second thread while the next one fills; at the end the runs are merged. Memory: two blocks, and then the tables.
/// </summary>
public sealed class NGramCounter : IDisposable
{
    private readonly int _order;
    private readonly int _vocabularySize;
    private readonly int? _beginId;
    private readonly string _folder;
    private readonly BlockCounter _counter;
    private readonly uint[] _unigrams;
    private readonly List<SortedRun[]> _runs = [];
    private TokenBlock _filling;
    private TokenBlock _free;
    private Task _counting = Task.CompletedTask;
    private int _files;
    private long _tokens;
    private long _documents;

    /// <summary>Begins counting.</summary>
    /// <param name="order">Highest order, 1 to 7.</param>
    /// <param name="vocabularySize">Token ids are below this.</param>
    /// <param name="beginId">A token that, at the beginning of a document, is context and not counted; null for none.</param>
    /// <param name="options">Block size and temporary folder.</param>
    public NGramCounter(int order, int vocabularySize, int? beginId = null, NGramCounterOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, Inference.Models.NGrams.NGramHeader.MaximumOrder);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        options ??= new();
        int capacity = Math.Max(options.BlockTokens, 4 * order);
        (_order, _vocabularySize, _beginId) = (order, vocabularySize, beginId);
        _folder = Path.Combine(options.TemporaryFolder ?? Path.GetTempPath(), $"ashlar-ngram-{Guid.NewGuid():N}");
        _counter = new BlockCounter(order, vocabularySize, capacity);
        _unigrams = new uint[vocabularySize];
        _filling = new TokenBlock(capacity);
        _free = new TokenBlock(capacity);
        Directory.CreateDirectory(_folder);
    }

    /// <summary>Counts a document; n-grams do not reach into another one.</summary>
    /// <exception cref="InvalidDataException">A token is outside the vocabulary.</exception>
    public void Add(ReadOnlySpan<int> document)
    {
        _documents++;
        for (int i = 0; i < document.Length; i++)
        {
            int token = document[i];
            if ((uint)token >= (uint)_vocabularySize)
                throw new InvalidDataException($"token id {token} is outside the vocabulary of {_vocabularySize}; do tokenizer and text belong together?");
            if (_filling.IsFull)
            {
                Hand();
                int seen = Math.Min(i, _order - 1);
                for (int back = seen; back >= 1; back--)
                    _filling.Add(document[i - back], seen - back, counts: false);
            }

            bool counts = i > 0 || token != _beginId;
            _filling.Add(token, Math.Min(i, _order - 1), counts);
            if (counts)
                _tokens++;
        }
    }

    /// <summary>Merges everything; nothing can be added afterwards.</summary>
    public NGramCounts Finish()
    {
        if (_filling.Count > 0 || _runs.Count == 0)
            Hand();
        _counting.GetAwaiter().GetResult();
        _filling = _free = new TokenBlock(0);
        List<NGramCountTable> tables = [new([], _unigrams)];
        List<uint[]> starts = [];
        uint[][] contexts = [.. _runs.Select(_ => Array.Empty<uint>())];
        for (int order = 2; order <= _order; order++)
        {
            RunMerger merger = new([.. _runs.Select(block => block[order - 2])], contexts);
            tables.Add(merger.Merge(tables[^1].Counts.Length, out uint[] begin));
            starts.Add(begin);
            contexts = merger.Numbers;
        }

        return new NGramCounts(_vocabularySize, tables, starts, _tokens, _documents);
    }

    /// <summary>Deletes the temporary files.</summary>
    public void Dispose()
    {
        try
        {
            _counting.GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is IOException or OverflowException or UnauthorizedAccessException)
        {
            // Whoever waited for the result has been told.
        }

        foreach (SortedRun run in _runs.SelectMany(block => block))
            run.Dispose();
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    // Gives the full block to the second thread and goes on with the other one.
    private void Hand()
    {
        _counting.GetAwaiter().GetResult();
        TokenBlock full = _filling;
        (_filling, _free) = (_free, full);
        _filling.Clear();
        _counting = Task.Run(() => _runs.Add(_counter.Count(
            full, _unigrams, order => new SortedRun(Path.Combine(_folder, $"{Interlocked.Increment(ref _files)}-order-{order}.run")))));
    }
}
