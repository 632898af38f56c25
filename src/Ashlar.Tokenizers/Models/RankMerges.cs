namespace Ashlar.Tokenizers.Models;

/// <summary>
/// Merges from ranks alone. tiktoken joins the two neighbours whose concatenation has the lowest rank. What happens inside the
/// span of a future token does not depend on what is around it, for a merge across the edge would prevent the token; so each
/// token has one last pair at most, and encoding the token by itself finds it.
/// </summary>
internal static class RankMerges
{
    /// <summary>The merges, in order of rank.</summary>
    /// <param name="tokens">Bytes of every token by rank; null where a rank is unused.</param>
    /// <exception cref="InvalidDataException">Two ranks have the same bytes.</exception>
    public static List<Merge> Recover(IReadOnlyList<byte[]?> tokens)
    {
        Dictionary<string, int> ranks = new(tokens.Count);
        string?[] spelled = [.. tokens.Select(token => token is null ? null : ByteLevelAlphabet.Spell(token))];
        for (int rank = 0; rank < spelled.Length; rank++)
        {
            if (spelled[rank] is { } token && !ranks.TryAdd(token, rank))
                throw new InvalidDataException($"the ranks {ranks[token]} and {rank} have the same token.");
        }

        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> find = ranks.GetAlternateLookup<ReadOnlySpan<char>>();
        List<Merge> merges = new(tokens.Count);
        for (int rank = 0; rank < spelled.Length; rank++)
        {
            if (spelled[rank] is { Length: > 1 } token && LastPair(token, find) is int cut and > 0)
                merges.Add(new Merge(find[token.AsSpan(0, cut)], find[token.AsSpan(cut)], rank));
        }

        return merges;
    }

    // Merges the token's bytes until two parts are left whose concatenation is the token; returns where they meet, or 0.
    private static int LastPair(ReadOnlySpan<char> token, Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> find)
    {
        Span<int> starts = token.Length < 256 ? stackalloc int[token.Length + 1] : new int[token.Length + 1];
        for (int i = 0; i < starts.Length; i++)
            starts[i] = i;
        int parts = token.Length;
        while (parts > 2)
        {
            (int lowest, int best) = (int.MaxValue, -1);
            for (int i = 0; i + 1 < parts; i++)
            {
                if (find.TryGetValue(token[starts[i]..starts[i + 2]], out int found) && found < lowest)
                    (lowest, best) = (found, i);
            }

            if (best < 0)
                return 0;
            starts[(best + 2)..(parts + 1)].CopyTo(starts[(best + 1)..]);
            parts--;
        }

        return find.ContainsKey(token[..starts[1]]) && find.ContainsKey(token[starts[1]..]) ? starts[1] : 0;
    }
}
