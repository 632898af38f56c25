namespace Ashlar.Datasets.Batches;

/// <summary>One document or conversation in tokens.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="Supervised">Which tokens are predicted; null for all.</param>
public sealed record TokenExample(int[] Ids, bool[]? Supervised = null)
{
    /// <summary>The target at position <paramref name="at"/>: the next token, if it is there and supervised.</summary>
    internal long Target(int at) =>
        at + 1 < Ids.Length && (Supervised is null || Supervised[at + 1]) ? Ids[at + 1] : TokenBatch.Ignored;

    /// <summary>Pieces of at most <paramref name="length"/> inputs; each piece but the last also holds its last target.</summary>
    internal IEnumerable<TokenExample> Split(int length)
    {
        // A piece of n inputs needs n + 1 tokens, so that neighbouring pieces share one: no target is lost.
        for (int start = 0; start + 1 < Ids.Length; start += length)
            yield return Piece(start, Math.Min(length, Ids.Length - 1 - start));
    }

    /// <summary>The piece of <paramref name="inputs"/> inputs from <paramref name="start"/>, with the target of its last input.</summary>
    internal TokenExample Piece(int start, int inputs) =>
        start == 0 && inputs == Ids.Length - 1
            ? this
            : new TokenExample(Ids[start..(start + inputs + 1)], Supervised?[start..(start + inputs + 1)]);
}
