using System.Text;

namespace Ashlar.Tokenizers.Models;

/// <summary>
/// The merges that SentencePiece's scores amount to: two neighbours merge when their concatenation is a token, the highest score
/// first. Equal scores have equal rank, so that the leftmost goes first. A neighbour is a token or a single character, which need
/// not be one.
/// </summary>
internal static class ScoredMerges
{
    public static (List<Merge> Merges, List<int> Ranks) Build(
        string?[] tokens, IReadOnlyList<double> scores, SymbolIds symbols, IReadOnlySet<int> outside, IReadOnlyList<int> atoms)
    {
        HashSet<int> whole = [.. atoms];
        int[] order = [.. Enumerable.Range(0, tokens.Length).Where(id => tokens[id] is { Length: > 1 } && !outside.Contains(id) && !whole.Contains(id)).OrderByDescending(id => scores[id])];
        Dictionary<string, int> ids = new(tokens.Length);
        for (int id = 0; id < tokens.Length; id++)
        {
            if (tokens[id] is { Length: > 0 } token && !outside.Contains(id) && !whole.Contains(id))
                ids.TryAdd(token, id);
        }

        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> find = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        List<Merge> merges = [];
        List<int> ranks = [];
        int rank = -1;
        double score = double.NaN;
        foreach (int id in order)
        {
            string token = tokens[id]!;
            if (scores[id] != score)
                (rank, score) = (rank + 1, scores[id]);
            if (ids[token] != id)
                continue;
            for (int cut = 1; cut < token.Length; cut++)
            {
                if (char.IsLowSurrogate(token[cut]))
                    continue;
                if (Symbol(token.AsSpan(0, cut)) is int left and >= 0 && Symbol(token.AsSpan(cut)) is int right and >= 0)
                {
                    merges.Add(new Merge(left, right, id));
                    ranks.Add(rank);
                }
            }
        }

        return (merges, ranks);

        int Symbol(ReadOnlySpan<char> part)
        {
            if (find.TryGetValue(part, out int id))
                return id;
            return Rune.DecodeFromUtf16(part, out Rune rune, out int length) == System.Buffers.OperationStatus.Done && length == part.Length ? symbols.Of(rune.Value) : -1;
        }
    }
}
