using Ashlar.Tokenizers;

namespace Ashlar.Datasets.Parallel;

/// <summary>
/// Sentence pairs to tokens: language tags before the source, the end token after it. The two sides may have one vocabulary or
/// two. A model in use reads sources as Ashlar.Inference's <c>SourceEncoder</c> lays them out, which must be the same.
/// </summary>
public sealed class ParallelEncoder
{
    private readonly Dictionary<string, int> _tags = [];

    /// <summary>Prepares encoding.</summary>
    /// <param name="source">Vocabulary of the sources.</param>
    /// <param name="target">Vocabulary of the targets; null for the same one.</param>
    public ParallelEncoder(Tokenizer source, Tokenizer? target = null)
    {
        SourceTokenizer = source;
        TargetTokenizer = target ?? source;
    }

    /// <summary>Vocabulary of the sources.</summary>
    public Tokenizer SourceTokenizer { get; }

    /// <summary>Vocabulary of the targets.</summary>
    public Tokenizer TargetTokenizer { get; }

    /// <summary>Id that ends a source, null for none.</summary>
    public int? SourceEnd { get; init; }

    /// <summary>Read sources from their end to their beginning (Sutskever et al. 2014, section 3.3); tags and end stay in place.</summary>
    public bool ReverseSource { get; init; }

    /// <summary>Tags before the source.</summary>
    public LanguageTags Tags { get; init; }

    /// <summary>Pairs whose lengths do not pass are left out.</summary>
    public ParallelFilter Filter { get; init; } = new();

    /// <summary>Encodes pairs; those that the filter drops are counted in <paramref name="dropped"/>.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="dropped">How many were left out.</param>
    /// <param name="check">Told of every pair that stays; may throw.</param>
    /// <exception cref="InvalidDataException">A tag is not one token of the vocabulary, or a pair has no languages to tag.</exception>
    public List<ParallelExample> Encode(IEnumerable<SentencePair> pairs, out int dropped, Action<SentencePair, ParallelExample>? check = null)
    {
        List<ParallelExample> examples = [];
        dropped = 0;
        foreach (SentencePair pair in pairs)
        {
            if (Encode(pair) is not { } example)
            {
                dropped++;
                continue;
            }

            check?.Invoke(pair, example);
            examples.Add(example);
        }

        return examples;
    }

    /// <summary>Encodes a pair, or null when the filter drops it.</summary>
    /// <exception cref="InvalidDataException">A tag is not one token of the vocabulary, or the pair has no languages to tag.</exception>
    public ParallelExample? Encode(SentencePair pair)
    {
        int[] source = SourceTokenizer.Encode(pair.Source);
        int[] target = TargetTokenizer.Encode(pair.Target);
        return Filter.Keeps(source.Length, target.Length)
            ? new ParallelExample(Around(source, pair.Direction), target)
            : null;
    }

    /// <summary>Encodes a sentence to translate; no filter applies.</summary>
    /// <exception cref="InvalidDataException">As for a pair.</exception>
    public int[] EncodeSource(string text, TranslationDirection? direction = null) => Around(SourceTokenizer.Encode(text), direction);

    private int[] Around(int[] source, TranslationDirection? direction)
    {
        if (ReverseSource)
            Array.Reverse(source);
        List<int> ids = new(source.Length + 3);
        if (Tags != LanguageTags.None)
        {
            if (direction is null)
                throw new InvalidDataException("the model reads language tags; expected the languages of the text, such as 'zh-en'.");
            if (Tags == LanguageTags.SourceAndTarget)
                ids.Add(Tag(direction.SourceTag));
            ids.Add(Tag(direction.TargetTag));
        }

        ids.AddRange(source);
        if (SourceEnd is { } end)
            ids.Add(end);
        return [.. ids];
    }

    private int Tag(string tag)
    {
        if (!_tags.TryGetValue(tag, out int id))
        {
            id = SourceTokenizer.TokenToId(tag)
                ?? throw new InvalidDataException($"the source vocabulary has no token '{tag}'; expected it among its special tokens, for the language tags.");
            _tags[tag] = id;
        }

        return id;
    }
}
