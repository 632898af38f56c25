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
        {
            int end = Math.Min(start + length + 1, Ids.Length);
            yield return new TokenExample(Ids[start..end], Supervised?[start..end]);
        }
    }
}
