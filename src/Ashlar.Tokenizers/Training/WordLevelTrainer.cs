using Ashlar.Tokenizers.Decoders;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Training;

/// <summary>
/// The most frequent words, one id each; the rest become the unknown token (the vocabularies of the Penn Treebank and WikiText,
/// in the order of Hugging Face's <c>WordLevelTrainer</c>: special tokens, then words by falling count, equal counts by code
/// point).
/// </summary>
public static class WordLevelTrainer
{
    /// <summary>Trains a tokenizer whose words are what stands between white space.</summary>
    /// <param name="documents">The text; read once, never held as a whole.</param>
    /// <param name="vocabularySize">Most tokens in all, special ones included.</param>
    /// <param name="specialTokens">Control tokens; they take the first ids, after the unknown token if it is not among them. The default is <c>&lt;|endoftext|&gt;</c>.</param>
    /// <param name="unknown">The token for words outside the vocabulary. Text that holds it as a word means it: corpora are distributed so.</param>
    /// <param name="minimumCount">Words that occur less often are left out.</param>
    /// <param name="lowercase">Whether the text is lower-cased first.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="InvalidDataException">The size leaves no room for a word.</exception>
    public static Tokenizer Train(
        IEnumerable<string> documents,
        int vocabularySize,
        IReadOnlyList<string>? specialTokens = null,
        string unknown = "<unk>",
        int minimumCount = 1,
        bool lowercase = false,
        IProgress<TokenizerTrainingProgress>? progress = null)
    {
        List<string> tokens = [.. specialTokens ?? ["<|endoftext|>"]];
        if (!tokens.Contains(unknown))
            tokens.Insert(0, unknown);
        AddedToken[] added = [.. tokens.Select((content, id) => new AddedToken(id, content, true))];
        if (vocabularySize <= tokens.Count)
            throw new InvalidDataException($"a vocabulary of {vocabularySize} is too small; expected at least {tokens.Count + 1} ({tokens.Count} special tokens and a word).");
        Normalizer? normalizer = lowercase ? new LowercaseNormalizer() : null;
        WhitespaceSplitPreTokenizer cut = new();
        KeyValuePair<string, long>[] words = new WordCounter(normalizer, cut, tokens).Count(documents, progress);
        tokens.AddRange(words
            .Where(word => word.Value >= minimumCount)
            .OrderByDescending(word => word.Value) // stable: equal counts stay in code point order
            .Select(word => word.Key)
            .Take(vocabularySize - tokens.Count));
        return new Tokenizer(new TokenizerPipeline
        {
            Model = new WordLevelModel(tokens, unknown, added.Select(token => token.Id).ToHashSet()),
            Normalizer = normalizer,
            PreTokenizer = cut,
            Decoder = new SpaceJoinDecoder(),
            AddedTokens = added,
            SpecialTokens = SpecialTokenNames.Roles(added),
        });
    }
}
