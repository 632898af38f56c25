using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PreTokenizers;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.Training;

/// <summary>How far tokenizer training is.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all; 0 while unknown.</param>
public readonly record struct TokenizerTrainingProgress(string Stage, long Done, long Total);

/// <summary>
/// Trains a byte-level BPE: count the pre-tokens, then merge the most frequent adjacent pair again and again (Sennrich et al.
/// 2016, algorithm 1), updating only the words that hold the pair. Ties go to the pair whose bytes are greater, so that the
/// result does not depend on the order of the documents.
/// </summary>
public static class ByteLevelBpeTrainer
{
    /// <summary>GPT-2's pre-tokenizer pattern, the default.</summary>
    public const string Gpt2Pattern = Gpt2Scanner.Expression;

    /// <summary>Trains a tokenizer.</summary>
    /// <param name="documents">The text; read once, never held as a whole.</param>
    /// <param name="vocabularySize">Tokens in all: 256 bytes, the special tokens and the merges.</param>
    /// <param name="specialTokens">Control tokens; they take the last ids. The default is <c>&lt;|endoftext|&gt;</c>.</param>
    /// <param name="pattern">Pre-tokenizer pattern.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="InvalidDataException">The size leaves no room for the bytes and the special tokens.</exception>
    public static Tokenizer Train(
        IEnumerable<string> documents,
        int vocabularySize,
        IReadOnlyList<string>? specialTokens = null,
        string pattern = Gpt2Pattern,
        IProgress<TokenizerTrainingProgress>? progress = null)
    {
        specialTokens ??= ["<|endoftext|>"];
        int merges = vocabularySize - 256 - specialTokens.Count;
        if (merges < 0)
            throw new InvalidDataException($"a vocabulary of {vocabularySize} is too small; expected at least {256 + specialTokens.Count} (256 bytes and {specialTokens.Count} special tokens).");
        PreTokenizer cut = ByteLevelPipeline.PreTokenizer(pattern);
        (byte[] Word, long Count)[] words = CountWords(documents, cut, specialTokens, progress);
        (List<byte[]?> tokens, List<Merge> learned) = new PairMerger(words).Learn(merges, progress);
        List<AddedToken> added = [.. specialTokens.Select((content, i) => new AddedToken(tokens.Count + i, content, true))];
        return ByteLevelPipeline.Build(new BytePairModel(tokens, learned), pattern, added);
    }

    private static (byte[] Word, long Count)[] CountWords(IEnumerable<string> documents, PreTokenizer cut, IReadOnlyList<string> special, IProgress<TokenizerTrainingProgress>? progress)
    {
        AddedTokenMatcher matcher = new(special.Select((content, i) => new AddedToken(i, content, true)));
        ConcurrentBag<Dictionary<string, long>> parts = [];
        long characters = 0;
        Parallel.ForEach(
            Partitioner.Create(documents, EnumerablePartitionerOptions.NoBuffering),
            () => new Dictionary<string, long>(),
            (document, _, counts) =>
            {
                Count(document, cut, matcher, counts);
                long done = Interlocked.Add(ref characters, document.Length);
                if (done / 10_000_000 != (done - document.Length) / 10_000_000)
                    progress?.Report(new TokenizerTrainingProgress("counting characters", done, 0));
                return counts;
            },
            parts.Add);

        Dictionary<string, long> all = [];
        foreach ((string word, long count) in parts.SelectMany(part => part))
            CollectionsMarshal.GetValueRefOrAddDefault(all, word, out _) += count;
        // A fixed order, so that the work, too, is the same every time.
        return [.. all.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (Encoding.UTF8.GetBytes(pair.Key), pair.Value))];
    }

    private static void Count(string document, PreTokenizer cut, AddedTokenMatcher matcher, Dictionary<string, long> counts)
    {
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> byWord = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        int at = 0;
        while (at < document.Length)
        {
            matcher.TryFind(document, at, out int start, out int end, out _);
            if (cut.Scanner is { } scanner)
            {
                ReadOnlySpan<char> text = document.AsSpan(at, start - at);
                while (!text.IsEmpty)
                {
                    int length = scanner.NextLength(text);
                    CollectionsMarshal.GetValueRefOrAddDefault(byWord, text[..length], out _)++;
                    text = text[length..];
                }
            }
            else
            {
                List<string> pieces = [];
                cut.Cut(document[at..start], at == 0, pieces);
                foreach (string piece in pieces)
                    CollectionsMarshal.GetValueRefOrAddDefault(counts, piece, out _)++;
            }

            at = end;
        }
    }
}
