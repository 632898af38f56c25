namespace Ashlar.Inference;

/// <summary>
/// The most probable next tokens of several sequences, with what turns their logits into log-probabilities: all that a beam search
/// reads of a vocabulary. Used again at every step.
/// </summary>
public sealed class TopTokens
{
    private readonly bool[] _forbidden;
    private int[] _ids = [];
    private float[] _logits = [];
    private double[] _totals = [];

    /// <summary>Room for results.</summary>
    /// <param name="vocabularySize">Tokens of the vocabulary.</param>
    /// <param name="count">Tokens wanted of each sequence; at most the vocabulary.</param>
    /// <param name="forbidden">Tokens that are never among them, though they have their share of the probability.</param>
    /// <param name="keepTotals">
    /// Whether <see cref="Total"/> is wanted. Without it a model need not compute every logit to know the largest.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The count is not from 1 to the vocabulary, or an id is outside it.</exception>
    public TopTokens(int vocabularySize, int count, IReadOnlyList<int> forbidden, bool keepTotals = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, vocabularySize);
        (Count, KeepsTotals) = (count, keepTotals);
        _forbidden = new bool[vocabularySize];
        foreach (int id in forbidden)
        {
            if ((uint)id >= (uint)vocabularySize)
                throw new ArgumentOutOfRangeException(nameof(forbidden), id, $"The vocabulary has {vocabularySize} tokens.");
            _forbidden[id] = true;
        }
    }

    /// <summary>Tokens of each sequence.</summary>
    public int Count { get; }

    /// <summary>Whether the totals are wanted.</summary>
    public bool KeepsTotals { get; }

    /// <summary>[vocabulary], true for what is forbidden.</summary>
    public ReadOnlySpan<bool> Forbidden => _forbidden;

    /// <summary>A sequence's most probable tokens, best first, of equals the lower id; -1 where no more are possible.</summary>
    public ReadOnlySpan<int> Ids(int row) => _ids.AsSpan(row * Count, Count);

    /// <summary>Their logits.</summary>
    public ReadOnlySpan<float> Logits(int row) => _logits.AsSpan(row * Count, Count);

    /// <summary>Natural logarithm of the sum of the exponentials of all the sequence's logits; NaN if totals are not wanted.</summary>
    public double Total(int row) => KeepsTotals ? _totals[row] : double.NaN;

    /// <summary>Makes room and gives the places of results, for who computes them.</summary>
    /// <param name="rows">Sequences.</param>
    internal void Fit(int rows)
    {
        if (_totals.Length >= rows)
            return;
        (_ids, _logits, _totals) = (new int[rows * Count], new float[rows * Count], new double[rows]);
    }

    /// <summary>Where the results of some rows go; no totals where they are not wanted.</summary>
    internal void Places(int first, int rows, out Span<int> ids, out Span<float> logits, out Span<double> totals)
    {
        ids = _ids.AsSpan(first * Count, rows * Count);
        logits = _logits.AsSpan(first * Count, rows * Count);
        totals = KeepsTotals ? _totals.AsSpan(first, rows) : [];
    }
}
