using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Decoding;

namespace Ashlar.Inference.Translation;

/// <summary>Text to text: tokens, batches of like length, decoding, text again.</summary>
public sealed class Translator
{
    // Batches that are filled from one window of lines: enough to find lines of like length, few enough to hold in memory.
    private const int BatchesInWindow = 32;

    private readonly ISequenceToSequenceModel _model;
    private readonly TranslationVocabularies _vocabularies;
    private readonly int[] _suppressed;

    /// <summary>Joins a model and its vocabularies.</summary>
    /// <param name="model">The model.</param>
    /// <param name="vocabularies">Its vocabularies; not larger than the model's.</param>
    /// <exception cref="InvalidDataException">A vocabulary is larger than the model's; they do not belong together.</exception>
    public Translator(ISequenceToSequenceModel model, TranslationVocabularies vocabularies)
    {
        Check("source", vocabularies.Source.VocabularySize, model.SourceVocabularySize);
        Check("target", vocabularies.Target.VocabularySize, model.VocabularySize);
        (_model, _vocabularies) = (model, vocabularies);
        TranslationFormat format = model.Format;
        // What the decoder reads first and what fills rows are no words; neither are ids beyond the tokenizer's, which only pad.
        int words = vocabularies.Target.VocabularySize;
        _suppressed =
        [
            .. new[] { format.PaddingId, format.BeginId }
                .Concat(Enumerable.Range(words, model.VocabularySize - words))
                .Where(id => id != format.EndId)
                .Distinct(),
        ];

        static void Check(string side, int own, int models)
        {
            if (own > models)
                throw new InvalidDataException($"the {side} tokenizer has {own} ids and the model {models}; they do not belong together.");
        }
    }

    /// <summary>The model.</summary>
    public ISequenceToSequenceModel Model => _model;

    /// <summary>Its vocabularies.</summary>
    public TranslationVocabularies Vocabularies => _vocabularies;

    /// <summary>The best translation of a text.</summary>
    /// <exception cref="InvalidDataException">An option is out of range, or the text cannot be encoded.</exception>
    /// <exception cref="ContextOverflowException">The text is longer than the model reads.</exception>
    public TranslatedText Translate(string text, TranslationOptions? options = null, CancellationToken cancellation = default) =>
        Translate([text], options, cancellation)[0][0];

    /// <summary>The best translations of each text, in the order of the texts.</summary>
    /// <param name="texts">The texts; an empty one has an empty translation.</param>
    /// <param name="options">How to translate; null for the defaults.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="InvalidDataException">An option is out of range, or a text cannot be encoded.</exception>
    /// <exception cref="ContextOverflowException">A text is longer than the model reads.</exception>
    public IReadOnlyList<IReadOnlyList<TranslatedText>> Translate(
        IReadOnlyList<string> texts, TranslationOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new TranslationOptions();
        options.Validate();
        SourceEncoder encoder = new(_model.Format, _vocabularies.Source, options);
        int[][] sources = [.. texts.Select(encoder.Encode)];
        int longest = sources.Length == 0 ? 0 : sources.Max(source => source.Length);
        if (longest > _model.SourceLength)
            throw new ContextOverflowException(longest, _model.SourceLength.Value);
        return TranslateSources(sources, options, 0, cancellation);
    }

    /// <summary>
    /// Translates lines as they are read, in their order, holding no more than a window of them. A line that cannot be translated
    /// says so and stops nothing.
    /// </summary>
    /// <param name="lines">The lines, of any number.</param>
    /// <param name="options">How to translate; null for the defaults.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="InvalidDataException">An option is out of range.</exception>
    public IEnumerable<TranslatedLine> TranslateLines(
        IEnumerable<string> lines, TranslationOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new TranslationOptions();
        options.Validate();
        SourceEncoder encoder = new(_model.Format, _vocabularies.Source, options);
        return Stream();

        IEnumerable<TranslatedLine> Stream()
        {
            long done = 0;
            foreach (string[] window in lines.Chunk(BatchesInWindow * options.BatchSize))
            {
                string?[] problems = new string?[window.Length];
                int[][] sources = [.. window.Select((line, i) => Encode(encoder, line, out problems[i]))];
                IReadOnlyList<IReadOnlyList<TranslatedText>> translations = TranslateSources(sources, options, done, cancellation);
                for (int i = 0; i < window.Length; i++)
                    yield return new TranslatedLine(done + i + 1, window[i], problems[i] is null ? translations[i] : [], problems[i]);
                done += window.Length;
            }
        }
    }

    private int[] Encode(SourceEncoder encoder, string line, out string? problem)
    {
        problem = null;
        try
        {
            int[] source = encoder.Encode(line);
            if (source.Length <= (_model.SourceLength ?? int.MaxValue))
                return source;
            problem = $"the line has {source.Length} tokens; the model reads at most {_model.SourceLength}.";
        }
        catch (InvalidDataException error)
        {
            problem = error.Message;
        }

        return [];
    }

    // Batches of like length, so that the encoder's and decoder's rows end together; results in the order of the sources.
    private TranslatedText[][] TranslateSources(int[][] sources, TranslationOptions options, long firstIndex, CancellationToken cancellation)
    {
        TranslatedText[][] results = new TranslatedText[sources.Length][];
        int[] order = [.. Enumerable.Range(0, sources.Length).Where(i => sources[i].Length > 0).OrderByDescending(i => sources[i].Length)];
        foreach (int empty in Enumerable.Range(0, sources.Length).Where(i => sources[i].Length == 0))
            results[empty] = [new TranslatedText("", [], 0, 0, Ended: true)];
        BeamSearchOptions search = options.Search with
        {
            StopIds = [_model.Format.EndId],
            SuppressedIds = [.. _suppressed, .. options.Search.SuppressedIds],
        };
        int[] prefix = options.ForcedPrefix.Length == 0 ? [] : _vocabularies.Target.Encode(options.ForcedPrefix);
        foreach (int[] batch in order.Chunk(options.BatchSize))
        {
            SequenceToSequenceState[] states = _model.NewStates(
                [.. batch.Select(i => (ReadOnlyMemory<int>)sources[i])], keepAttention: search.NeedsAttention);
            BeamStart[] starts = [.. batch.Select((index, i) => new BeamStart(states[i], new[] { _model.Format.BeginId })
            {
                MaxTokens = (int)Math.Min(search.MaxTokens, options.LengthFactor * sources[index].Length + options.LengthAllowance),
                ForcedPrefix = prefix,
                Index = firstIndex + index,
            })];
            IReadOnlyList<BeamHypothesis>[] found = options.Sampling is { } sampling
                ? BatchSampling.Sample(_model, starts, sampling, search, cancellation)
                : BeamSearch.Search(_model, starts, search, cancellation);
            for (int i = 0; i < batch.Length; i++)
                results[batch[i]] = [.. found[i].Take(options.BestCount).Select(hypothesis => Text(hypothesis, sources[batch[i]]))];
        }

        return results;
    }

    private TranslatedText Text(BeamHypothesis hypothesis, int[] source)
    {
        int[] tokens = [.. hypothesis.Ended ? hypothesis.Tokens.SkipLast(1) : hypothesis.Tokens];
        return new TranslatedText(
            _vocabularies.Target.Decode(tokens, skipSpecialTokens: true), tokens, hypothesis.LogProbability, hypothesis.Score, hypothesis.Ended)
        {
            Attention = hypothesis.Attention is null
                ? null
                : new AttentionMatrix(
                    [.. source.Select(_vocabularies.Source.IdToToken)],
                    [.. hypothesis.Tokens.Select(_vocabularies.Target.IdToToken)],
                    hypothesis.Attention),
        };
    }
}
