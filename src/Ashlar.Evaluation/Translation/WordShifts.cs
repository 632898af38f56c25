namespace Ashlar.Evaluation.Translation;

/// <summary>
/// Moves runs of words until no move saves an edit more than it costs (Snover et al. 2006, section 3), choosing among moves as
/// Tercom and sacreBLEU do.
/// </summary>
internal static class WordShifts
{
    private const int LongestRun = 10;
    private const int FarthestMove = 50;
    private const int MostCandidates = 1000;

    /// <summary>Edits, moves included, that turn the hypothesis into the reference.</summary>
    public static int Edits(string[] hypothesis, string[] reference)
    {
        if (reference.Length == 0)
            return hypothesis.Length;
        Dictionary<string, int> ids = [];
        int[] words = Number(hypothesis, ids);
        int[] target = Number(reference, ids);
        EditMatrix matrix = new(words, target);
        int moves = 0;
        int candidates = 0;
        while (true)
        {
            (int saved, int[] moved) = BestMove(words, target, matrix, ref candidates);
            if (candidates >= MostCandidates || saved <= 0)
                return moves + matrix.Distance;
            moves++;
            words = moved;
            matrix.Keep(words);
        }
    }

    private static (int Saved, int[] Words) BestMove(int[] words, int[] target, EditMatrix matrix, ref int candidates)
    {
        int before = matrix.Distance;
        Alignment alignment = Alignment.Of(matrix.Path(), words.Length, target.Length);
        // The most saved first, then the longest run, the earliest run, the earliest place.
        (int Saved, int Length, int Start, int Place) best = default;
        int[]? bestWords = null;
        foreach ((int start, int targetStart, int length) in EqualRuns(words, target))
        {
            // A run is worth moving when it stands wrong, and what stands at its place is wrong too.
            if (!alignment.HypothesisWrong.AsSpan(start, length).Contains(true)
                || !alignment.ReferenceWrong.AsSpan(targetStart, length).Contains(true))
                continue;
            int now = alignment.Place[targetStart];
            if (now >= start && now < start + length)
                continue;
            int last = -1;
            for (int offset = -1; offset < length; offset++)
            {
                int place = targetStart + offset < 0 ? 0 : alignment.Place[targetStart + offset] + 1;
                if (place == last)
                    continue;
                last = place;
                int[] moved = Move(words, start, length, place);
                (int Saved, int Length, int Start, int Place) candidate = (before - matrix.DistanceOf(moved), length, -start, -place);
                candidates++;
                if (bestWords is null || candidate.CompareTo(best) > 0)
                    (best, bestWords) = (candidate, moved);
            }

            if (candidates >= MostCandidates)
                break;
        }

        return bestWords is null ? (0, words) : (best.Saved, bestWords);
    }

    // The place counts in the hypothesis as it was; inside the run itself it counts from the run's beginning.
    private static int[] Move(int[] words, int start, int length, int place)
    {
        ReadOnlySpan<int> all = words;
        ReadOnlySpan<int> run = all.Slice(start, length);
        if (place < start)
            return [.. all[..place], .. run, .. all[place..start], .. all[(start + length)..]];
        if (place > start + length)
            return [.. all[..start], .. all[(start + length)..place], .. run, .. all[place..]];
        int end = Math.Min(length + place, words.Length);
        return [.. all[..start], .. all[(start + length)..end], .. run, .. all[end..]];
    }

    private static IEnumerable<(int Start, int TargetStart, int Length)> EqualRuns(int[] words, int[] target)
    {
        for (int start = 0; start < words.Length; start++)
        {
            for (int other = Math.Max(0, start - FarthestMove); other < target.Length && other <= start + FarthestMove; other++)
            {
                for (int length = 1; length <= LongestRun && start + length <= words.Length && other + length <= target.Length; length++)
                {
                    if (words[start + length - 1] != target[other + length - 1])
                        break;
                    yield return (start, other, length);
                }
            }
        }
    }

    private static int[] Number(string[] words, Dictionary<string, int> ids) =>
    [
        .. words.Select(word =>
        {
            if (!ids.TryGetValue(word, out int id))
                ids[word] = id = ids.Count;
            return id;
        }),
    ];

    // Where each word of the reference lies in the hypothesis (-1 before its beginning), and which words are wrong.
    private sealed record Alignment(int[] Place, bool[] HypothesisWrong, bool[] ReferenceWrong)
    {
        public static Alignment Of(List<EditMatrix.Edit> path, int words, int targets)
        {
            Alignment alignment = new(new int[targets], new bool[words], new bool[targets]);
            int word = -1;
            int target = -1;
            foreach (EditMatrix.Edit edit in path)
            {
                bool wrong = edit != EditMatrix.Edit.Keep;
                if (edit != EditMatrix.Edit.Insert)
                    alignment.HypothesisWrong[++word] = wrong;
                if (edit != EditMatrix.Edit.Delete)
                {
                    alignment.ReferenceWrong[++target] = wrong;
                    alignment.Place[target] = word;
                }
            }

            return alignment;
        }
    }
}
