using System.Text;
using Ashlar.Tokenizers.Files;
using Ashlar.Tokenizers.Models;
using Ashlar.Tokenizers.Normalizers;
using Ashlar.Tokenizers.PreTokenizers;

namespace Ashlar.Tokenizers.Training;

/// <summary>
/// Trains a unigram language model of tokens (Kudo 2018): start from many frequent substrings, estimate their probabilities, drop a
/// quarter of those that the text can best do without, and again, until the wanted number is left.
/// </summary>
public static class UnigramTrainer
{
    private const int LongestToken = 16;
    private const int MostSeeds = 1_000_000;
    private const double Shrink = 0.75;
    private const int StepsBetweenPrunings = 2;

    /// <summary>Trains a tokenizer.</summary>
    /// <param name="documents">The text; read once, never held as a whole.</param>
    /// <param name="vocabularySize">Tokens in all; fewer when the text has no more that are worth it.</param>
    /// <param name="specialTokens">Control tokens after <c>&lt;unk&gt;</c>, which is the first id. The default is <c>&lt;s&gt;</c> and <c>&lt;/s&gt;</c>.</param>
    /// <param name="byteFallback">
    /// Whether an unknown character becomes its bytes, which takes 256 tokens and keeps every text whole; otherwise it becomes
    /// <c>&lt;unk&gt;</c>.
    /// </param>
    /// <param name="compatibility">
    /// Whether text is first brought into Unicode's compatibility form with single spaces and no line breaks, as SentencePiece does
    /// when it is not told otherwise; a text then does not come back as it was.
    /// </param>
    /// <param name="characterCoverage">Share of the text's characters that are tokens; the rarest others are unknown.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="InvalidDataException">The size leaves no room for the characters of the text.</exception>
    public static Tokenizer Train(
        IEnumerable<string> documents,
        int vocabularySize,
        IReadOnlyList<string>? specialTokens = null,
        bool byteFallback = true,
        bool compatibility = false,
        double characterCoverage = 0.9995,
        IProgress<TokenizerTrainingProgress>? progress = null)
    {
        string[] special = ["<unk>", .. (specialTokens ?? ["<s>", "</s>"]).Where(token => token != "<unk>").Distinct()];
        Normalizer normalizer = Normalizer(compatibility);
        PreTokenizer cut = Cut();
        KeyValuePair<string, long>[] words = new WordCounter(normalizer, cut, special).Count(documents, progress);
        List<(string Text, double Count)> characters = Characters(words, characterCoverage);
        int fixedTokens = special.Length + (byteFallback ? 256 : 0);
        int least = fixedTokens + characters.Count;
        if (vocabularySize < least || characters.Count == 0)
        {
            throw new InvalidDataException(characters.Count == 0
                ? "the text is empty; expected something to learn tokens from."
                : $"a vocabulary of {vocabularySize} is too small; expected at least {least} ({special.Length} special tokens, {(byteFallback ? "256 bytes, " : "")}{characters.Count} characters).");
        }

        KeyValuePair<string, long>[] known = Known(words, [.. characters.Select(character => character.Text)]);
        progress?.Report(new TokenizerTrainingProgress("seeding tokens from words", known.Length, known.Length));
        List<(string, double)> seeds = [.. characters, .. UnigramSeeds.Find(known, LongestToken, MostSeeds)];
        UnigramEstimator estimator = new(seeds, known);
        int wanted = vocabularySize - fixedTokens;
        Shrinking(estimator, wanted, progress);
        return Build(special, byteFallback, normalizer, cut, Final(estimator, wanted));
    }

    private static void Shrinking(UnigramEstimator estimator, int wanted, IProgress<TokenizerTrainingProgress>? progress)
    {
        // A tenth more than wanted, from which the likeliest are taken at the end.
        int desired = Math.Max(wanted, (int)(wanted * 1.1));
        while (true)
        {
            for (int step = 0; step < StepsBetweenPrunings; step++)
                estimator.Improve();
            progress?.Report(new TokenizerTrainingProgress($"pruning to {desired:N0} tokens, left", estimator.Count, 0));
            if (estimator.Count <= desired)
                return;
            int before = estimator.Count;
            estimator.Prune(Math.Max(desired, (int)(Shrink * before)));
            if (estimator.Count == before)
                return;
        }
    }

    // All characters, and of the other tokens the likeliest, in order of probability.
    private static List<(string Text, double Score)> Final(UnigramEstimator estimator, int wanted)
    {
        List<(string Text, double Score)> all = [.. estimator.Tokens];
        int characters = all.Count(IsCharacter);
        int others = 0;
        return [.. all.Where(token => IsCharacter(token) || others++ < wanted - characters)];

        static bool IsCharacter((string Text, double) token) => Rune.GetRuneAt(token.Text, 0).Utf16SequenceLength == token.Text.Length;
    }

    private static Tokenizer Build(string[] special, bool byteFallback, Normalizer normalizer, PreTokenizer cut, List<(string Text, double Score)> tokens)
    {
        List<Piece> pieces = [.. special.Select((token, id) => new Piece(token, 0, id == 0 ? PieceKind.Unknown : PieceKind.Control))];
        if (byteFallback)
            pieces.AddRange(Enumerable.Range(0, 256).Select(value => new Piece(ByteTokens.Name(value), 0, PieceKind.Byte)));
        HashSet<string> taken = [.. pieces.Select(piece => piece.Text)];
        pieces.AddRange(tokens.Where(token => !taken.Contains(token.Text)).Select(token => new Piece(token.Text, token.Score)));
        AddedToken[] added = [.. special.Select((token, id) => new AddedToken(id, token, true))];
        return new Tokenizer(new TokenizerPipeline
        {
            Model = new UnigramModel(pieces, unknown: 0, byteFallback, single: false),
            Normalizer = normalizer,
            PreTokenizer = cut,
            Decoder = SentencePieceFile.Decoder(byteFallback, dummyPrefix: true),
            AddedTokens = added,
            SpecialTokens = SpecialTokenNames.Roles(added),
        });
    }

    private static SequenceNormalizer Normalizer(bool compatibility)
    {
        Normalizer[] tidy = !compatibility ? [] :
        [
            new NmtNormalizer(),
            new UnicodeNormalizer(NormalizationForm.FormKC),
            new ReplaceNormalizer("^ +| +$", "", regex: true),
            new ReplaceNormalizer(" {2,}", " ", regex: true),
        ];
        return new SequenceNormalizer([.. tidy, new PrependNormalizer("\u2581"), new ReplaceNormalizer(" ", "\u2581")]);
    }

    // Letters, numbers and marks stay apart, and each takes the space before it; further spaces and line breaks are pieces of
    // their own, so that a word is the same wherever it stands.
    private static SplitPreTokenizer Cut() => new(@"▁?[\p{L}\p{M}]+|▁?\p{N}+|▁?[^\s▁\p{L}\p{M}\p{N}]+|▁+(?=▁)|▁|\s+");

    private static List<(string Text, double Count)> Characters(KeyValuePair<string, long>[] words, double coverage)
    {
        Dictionary<Rune, double> counts = [];
        foreach ((string word, long count) in words)
            foreach (Rune rune in word.EnumerateRunes())
                counts[rune] = counts.GetValueOrDefault(rune) + count;
        double all = counts.Values.Sum();
        double covered = 0;
        List<(string, double)> characters = [];
        foreach ((Rune rune, double count) in counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key.Value))
        {
            if (covered >= all * coverage)
                break;
            covered += count;
            characters.Add((rune.ToString(), count));
        }

        return characters;
    }

    // What is between unknown characters is words of its own.
    private static KeyValuePair<string, long>[] Known(KeyValuePair<string, long>[] words, HashSet<string> characters)
    {
        Dictionary<string, long> known = [];
        StringBuilder part = new();
        foreach ((string word, long count) in words)
        {
            foreach (Rune rune in word.EnumerateRunes())
            {
                string character = rune.ToString();
                if (characters.Contains(character))
                    part.Append(character);
                else
                    Close(count);
            }

            Close(count);
        }

        KeyValuePair<string, long>[] sorted = [.. known];
        Array.Sort(sorted, (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return sorted;

        void Close(long count)
        {
            if (part.Length > 0)
                known[part.ToString()] = known.GetValueOrDefault(part.ToString()) + count;
            part.Clear();
        }
    }
}
