using System.Text;

namespace Ashlar.Tokenizers.Training;

/// <summary>
/// The seed vocabulary of the unigram model: every substring that occurs more than once and that no longer one always contains,
/// found from the sorted suffixes of the words, with frequency times length as its worth (Kudo 2018, section 3.2).
/// </summary>
internal static class UnigramSeeds
{
    /// <summary>The best substrings of at least two characters with their worth.</summary>
    /// <param name="words">Words and how often each occurs.</param>
    /// <param name="longest">Most characters of a substring.</param>
    /// <param name="most">Most substrings.</param>
    public static List<(string Text, double Worth)> Find(IReadOnlyList<KeyValuePair<string, long>> words, int longest, int most)
    {
        // All words as scalars in one array, each with where it ends.
        List<int> text = [];
        List<int> ends = [];
        List<long> counts = [];
        foreach ((string word, long count) in words)
        {
            int start = text.Count;
            foreach (Rune rune in word.EnumerateRunes())
                text.Add(rune.Value);
            for (int i = start; i < text.Count; i++)
            {
                ends.Add(text.Count);
                counts.Add(count);
            }
        }

        int[] scalars = [.. text];
        int[] end = [.. ends];
        for (int i = 0; i < end.Length; i++)
            end[i] = Math.Min(end[i], i + longest);
        int[] suffixes = [.. Enumerable.Range(0, scalars.Length)];
        Sort(suffixes, scalars, end);
        long[] before = new long[suffixes.Length + 1];
        for (int i = 0; i < suffixes.Length; i++)
            before[i + 1] = before[i] + counts[suffixes[i]];

        List<(int Start, int Length, double Worth)> found = [];
        Stack<(int Length, int From)> open = new();
        open.Push((0, 0));
        for (int i = 0; i <= suffixes.Length; i++)
        {
            int common = i == 0 || i == suffixes.Length ? 0 : Common(scalars, end, suffixes[i - 1], suffixes[i]);
            int from = i;
            while (open.Peek().Length > common)
            {
                (int length, from) = open.Pop();
                long frequency = before[i] - before[from];
                if (length > 1 && frequency > 1)
                    found.Add((suffixes[from], length, (double)frequency * length));
            }

            if (open.Peek().Length < common)
                open.Push((common, from));
            if (i < suffixes.Length && end[suffixes[i]] - suffixes[i] is int own && own > open.Peek().Length)
                open.Push((own, i));
        }

        IEnumerable<(string Text, double Worth)> best = found.Select(one => (Text(scalars.AsSpan(one.Start, one.Length)), one.Worth));
        return [.. best.OrderByDescending(one => one.Item2).ThenBy(one => one.Item1, StringComparer.Ordinal).Take(most)];
    }

    private static string Text(ReadOnlySpan<int> scalars)
    {
        StringBuilder text = new(scalars.Length);
        foreach (int scalar in scalars)
            text.Append(new Rune(scalar).ToString());
        return text.ToString();
    }

    private static int Common(int[] scalars, int[] end, int a, int b)
    {
        int most = Math.Min(end[a] - a, end[b] - b);
        int same = 0;
        while (same < most && scalars[a + same] == scalars[b + same])
            same++;
        return same;
    }

    // Three-way radix quicksort (Bentley and Sedgewick 1997): by the scalar at a depth, then the next; an ended suffix is least.
    private static void Sort(int[] suffixes, int[] scalars, int[] end)
    {
        Stack<(int From, int To, int Depth)> open = new();
        open.Push((0, suffixes.Length, 0));
        while (open.TryPop(out (int From, int To, int Depth) part))
        {
            if (part.To - part.From < 2)
                continue;
            int depth = part.Depth;
            int pivot = At(suffixes[part.From + ((part.To - part.From) / 2)]);
            (int less, int at, int more) = (part.From, part.From, part.To);
            while (at < more)
            {
                int scalar = At(suffixes[at]);
                if (scalar < pivot)
                    (suffixes[less++], suffixes[at]) = (suffixes[at++], suffixes[less - 1]);
                else if (scalar > pivot)
                    (suffixes[--more], suffixes[at]) = (suffixes[at], suffixes[more]);
                else
                    at++;
            }

            open.Push((part.From, less, depth));
            open.Push((more, part.To, depth));
            if (pivot >= 0)
                open.Push((less, more, depth + 1));
            else
                Array.Sort(suffixes, less, more - less); // equal suffixes in the order of the words

            int At(int suffix) => suffix + depth < end[suffix] ? scalars[suffix + depth] : -1;
        }
    }
}
