using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PreTokenizers;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.Training;

/// <summary>Counts the pre-tokens of a text on all cores: what every trainer starts from.</summary>
/// <param name="normalizer">Changes a document first; null leaves it as it is.</param>
/// <param name="cut">Cuts it; null makes it one pre-token.</param>
/// <param name="special">Special tokens, which are cut out and not counted.</param>
internal sealed class WordCounter(Normalizer? normalizer, PreTokenizer? cut, IEnumerable<string> special)
{
    private readonly AddedTokenMatcher _matcher = new(special.Select((content, i) => new AddedToken(i, content, true)));

    /// <summary>Every pre-token and how often it occurs, in ordinal order, so that all that follows is the same every time.</summary>
    /// <param name="documents">The text; read once, never held as a whole.</param>
    /// <param name="progress">Told how far it is.</param>
    public KeyValuePair<string, long>[] Count(IEnumerable<string> documents, IProgress<TokenizerTrainingProgress>? progress)
    {
        ConcurrentBag<Dictionary<string, long>> parts = [];
        long characters = 0;
        Parallel.ForEach(
            Partitioner.Create(documents, EnumerablePartitionerOptions.NoBuffering),
            () => new Dictionary<string, long>(),
            (document, _, counts) =>
            {
                Count(document, counts);
                long done = Interlocked.Add(ref characters, document.Length);
                if (done / 10_000_000 != (done - document.Length) / 10_000_000)
                    progress?.Report(new TokenizerTrainingProgress("counting characters", done, 0));
                return counts;
            },
            parts.Add);

        Dictionary<string, long> all = parts.TryTake(out Dictionary<string, long>? first) ? first : [];
        foreach ((string word, long count) in parts.SelectMany(part => part))
            CollectionsMarshal.GetValueRefOrAddDefault(all, word, out _) += count;
        KeyValuePair<string, long>[] words = [.. all];
        Array.Sort(words, (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return words;
    }

    private void Count(string document, Dictionary<string, long> counts)
    {
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> byWord = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        TextScanner? scanner = cut is null ? new WholeTextScanner() : cut.Scanner;
        List<string> pieces = [];
        for (int at = 0; at < document.Length;)
        {
            _matcher.TryFind(document, at, out int start, out int end, out _);
            string part = at == 0 && start == document.Length ? document : document[at..start];
            if (normalizer is not null && part.Length > 0)
                part = normalizer.Normalize(part);
            if (scanner is not null)
            {
                ReadOnlySpan<char> text = part;
                while (!text.IsEmpty)
                {
                    int length = scanner.NextLength(text);
                    CollectionsMarshal.GetValueRefOrAddDefault(byWord, text[..length], out _)++;
                    text = text[length..];
                }
            }
            else
            {
                pieces.Clear();
                cut!.Cut(part, at == 0, pieces);
                foreach (string piece in pieces)
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, piece, out _)++;
            }

            at = end;
        }
    }
}
