using System.Text;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.PreTokenizers;
using Ashlar.Tokenizers.PreTokenizers.Scanners;

namespace Ashlar.Tokenizers.Training;

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
        if (vocabularySize < 256 + specialTokens.Count)
            throw new InvalidDataException($"a vocabulary of {vocabularySize} is too small; expected at least {256 + specialTokens.Count} (256 bytes and {specialTokens.Count} special tokens).");
        PreTokenizer cut = ByteLevelPipeline.PreTokenizer(pattern);
        KeyValuePair<string, long>[] words = new WordCounter(null, cut, specialTokens).Count(documents, progress);
        ByteStringTokens tokens = new();
        int[][] symbols = [.. words.Select(word => Array.ConvertAll(Encoding.UTF8.GetBytes(word.Key), value => (int)value))];
        List<Merge> learned = new PairMerger(symbols, [.. words.Select(word => word.Value)], tokens)
            .Learn(vocabularySize - specialTokens.Count, minimumCount: 1, progress);
        List<AddedToken> added = [.. specialTokens.Select((content, i) => new AddedToken(tokens.Count + i, content, true))];
        return ByteLevelPipeline.Build(new BytePairModel(tokens.Tokens, learned), pattern, added);
    }
}
