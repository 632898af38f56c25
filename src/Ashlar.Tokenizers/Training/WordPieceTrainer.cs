using System.Text;
using Ashlar.Tokenizers.Files;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Training;

/// <summary>
/// Trains a WordPiece vocabulary as Hugging Face does: the tokens that byte-pair encoding over characters would make, those inside
/// a word marked <c>##</c>. (Wu et al. 2016 choose the pair that raises the likelihood most; Google's trainer was never released,
/// and frequency is what replaced it.)
/// </summary>
public static class WordPieceTrainer
{
    private static readonly string[] Special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

    /// <summary>Trains a tokenizer with BERT's normalizer, pre-tokenizer and special tokens.</summary>
    /// <param name="documents">The text; read once, never held as a whole.</param>
    /// <param name="vocabularySize">Tokens in all. The characters of the text are always tokens, even when they are more.</param>
    /// <param name="specialTokens">Control tokens after BERT's five, which take the first ids.</param>
    /// <param name="lowercase">Whether text is lower-cased and loses its accents.</param>
    /// <param name="minimumCount">Rarer pairs are not joined.</param>
    /// <param name="alphabetLimit">Most characters that are tokens; the rarest others are unknown.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="InvalidDataException">The size leaves no room for a token of text.</exception>
    public static Tokenizer Train(
        IEnumerable<string> documents,
        int vocabularySize,
        IReadOnlyList<string>? specialTokens = null,
        bool lowercase = true,
        int minimumCount = 2,
        int alphabetLimit = 1000,
        IProgress<TokenizerTrainingProgress>? progress = null)
    {
        string[] special = [.. Special.Concat(specialTokens ?? []).Distinct()];
        if (vocabularySize <= special.Length)
            throw new InvalidDataException($"a vocabulary of {vocabularySize} is too small; expected at least {special.Length + 1} ({special.Length} special tokens and a token of text).");
        BertNormalizer normalizer = new(true, true, null, lowercase);
        KeyValuePair<string, long>[] words = new WordCounter(normalizer, new BertPreTokenizer(), special).Count(documents, progress);
        WordPartTokens tokens = new("##");
        foreach (string token in special)
            tokens.Add(token);
        HashSet<string> alphabet = Alphabet(words, alphabetLimit);
        foreach (string character in alphabet.OrderBy(character => char.ConvertToUtf32(character, 0)))
            tokens.Add(character);
        int[][] symbols = [.. words.Select(word => Symbols(word.Key, alphabet, tokens))];
        new PairMerger(symbols, [.. words.Select(word => word.Value)], tokens).Learn(vocabularySize, minimumCount, progress);
        return BertVocabulary.Build(tokens.Tokens, normalizer, special);
    }

    // The most frequent characters; of equally frequent ones those first in code point order.
    private static HashSet<string> Alphabet(KeyValuePair<string, long>[] words, int limit)
    {
        Dictionary<string, long> counts = [];
        foreach ((string word, long count) in words)
            foreach (Rune rune in word.EnumerateRunes())
                counts[rune.ToString()] = counts.GetValueOrDefault(rune.ToString()) + count;
        return [.. counts.OrderByDescending(pair => pair.Value).ThenBy(pair => char.ConvertToUtf32(pair.Key, 0)).Take(limit).Select(pair => pair.Key)];
    }

    // A character outside the alphabet is left out, as Hugging Face does; what is on its two sides becomes neighbours.
    private static int[] Symbols(string word, HashSet<string> alphabet, WordPartTokens tokens)
    {
        List<int> symbols = [];
        int at = 0;
        foreach (Rune rune in word.EnumerateRunes())
        {
            string character = rune.ToString();
            if (alphabet.Contains(character))
                symbols.Add(tokens.Add(at == 0 ? character : "##" + character));
            at++;
        }

        return [.. symbols];
    }
}
