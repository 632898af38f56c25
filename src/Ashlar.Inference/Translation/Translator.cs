using Ashlar.Checkpoints.Configurations;
using Ashlar.Inference.Decoding;

namespace Ashlar.Inference.Translation;

/// <summary>Text to text: tokens, batches of like length, decoding, text again.</summary>
public sealed class Translator
{
    // Batches that are filled from one window of lines: enough to find lines of like length, few enough to hold in memory.
    private const int BatchesInWindow = 32;

    // What an empty text becomes.
    private static readonly TranslatedText Nothing = new("", [], 0, 0, Ended: true);

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
        Plan plan = Prepare(options);
        int[][] sources = [.. texts.Select(plan.Encoder.Encode)];
        int longest = sources.Length == 0 ? 0 : sources.Max(source => source.Length);
        if (longest > _model.SourceLength)
            throw new ContextOverflowException(longest, _model.SourceLength.Value);
        return TranslateSources(sources, plan, cancellation);
    }

    /// <summary>The best translations of a text, and every hypothesis that was in the beam on the way.</summary>
    /// <exception cref="InvalidDataException">An option is out of range, or the text cannot be encoded.</exception>
    /// <exception cref="ContextOverflowException">The text is longer than the model reads.</exception>
    public IReadOnlyList<TranslatedText> Trace(string text, TranslationOptions options, BeamTrace trace, CancellationToken cancellation = default)
    {
        Plan plan = Prepare(options);
        int[] source = plan.Encoder.Encode(text);
        if (source.Length > _model.SourceLength)
            throw new ContextOverflowException(source.Length, _model.SourceLength.Value);
        return source.Length == 0 ? [Nothing] : TranslateBatch([(0, source)], plan, cancellation, trace)[0];
    }

    /// <summary>A text as the model reads it.</summary>
    /// <exception cref="InvalidDataException">The text cannot be encoded, or a language is missing.</exception>
    public int[] Encode(string text, TranslationOptions? options = null) => NewEncoder(options ?? new TranslationOptions()).Encode(text);

    /// <summary>
    /// Translates lines as they are read, in their order, holding no more than a window of them. A line that cannot be translated
    /// says so and stops nothing.
    /// </summary>
    /// <param name="lines">The lines, of any number.</param>
    /// <param name="options">How to translate; null for the defaults.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="InvalidDataException">An option is out of range.</exception>
    public IEnumerable<TranslatedLine> TranslateLines(
        IEnumerable<string> lines, TranslationOptions? options = null, CancellationToken cancellation = default) =>
        TranslateLines(lines.Select((line, i) => new SourceLine(i + 1, line)), options, null, cancellation);

    /// <summary>Translates numbered lines, of which some may have been found bad already.</summary>
    /// <param name="lines">The lines, of any number.</param>
    /// <param name="options">How to translate; null for the defaults.</param>
    /// <param name="window">How much is held at a time; null for <see cref="TranslationOptions.BatchSize"/> times 32 lines. Batches are of that size in any case.</param>
    /// <param name="cancellation">Stops.</param>
    /// <exception cref="InvalidDataException">An option is out of range.</exception>
    public IEnumerable<TranslatedLine> TranslateLines(
        IEnumerable<SourceLine> lines, TranslationOptions? options = null, WindowOptions? window = null, CancellationToken cancellation = default)
    {
        Plan plan = Prepare(options);
        int batchSize = plan.Options.BatchSize;
        WindowOptions sizes = (window ?? new WindowOptions { Lines = BatchesInWindow * batchSize }) with { BatchLines = batchSize };
        if (_model.SourceLength is { } limit)
            sizes = sizes with { MaximumLineTokens = Math.Min(sizes.MaximumLineTokens, limit) };
        WindowedTranslation<TranslatedText[]> translation = new(
            plan.Encoder.Encode, batch => TranslateBatch([.. batch.Select(line => (line.Number - 1, line.Tokens))], plan, cancellation), sizes);
        return translation.Run(lines, cancellation).Select(result => new TranslatedLine(
            result.Line.Number,
            result.Line.Text ?? "",
            result.Fault is null ? result.Value ?? [Nothing] : [],
            result.Fault is { } fault ? $"the line {fault}." : null));
    }

    // Batches of like length, so that the encoder's and decoder's rows end together; results in the order of the sources.
    private TranslatedText[][] TranslateSources(int[][] sources, Plan plan, CancellationToken cancellation)
    {
        TranslatedText[][] results = [.. sources.Select(_ => new[] { Nothing })];
        int[] order = [.. Enumerable.Range(0, sources.Length).Where(i => sources[i].Length > 0).OrderByDescending(i => sources[i].Length)];
        foreach (int[] batch in order.Chunk(plan.Options.BatchSize))
        {
            TranslatedText[][] found = TranslateBatch([.. batch.Select(i => ((long)i, sources[i]))], plan, cancellation);
            for (int i = 0; i < batch.Length; i++)
                results[batch[i]] = found[i];
        }

        return results;
    }

    // The index of a source, from 0, is what its draws depend on: they are the same whatever it is batched with.
    private TranslatedText[][] TranslateBatch(
        IReadOnlyList<(long Index, int[] Tokens)> sources, Plan plan, CancellationToken cancellation, BeamTrace? trace = null)
    {
        (TranslationOptions options, BeamSearchOptions search, int[] prefix) = (plan.Options, plan.Search, plan.Prefix);
        SequenceToSequenceState[] states = _model.NewStates(
            [.. sources.Select(source => (ReadOnlyMemory<int>)source.Tokens)], keepAttention: search.NeedsAttention);
        BeamStart[] starts = [.. sources.Select((source, i) => new BeamStart(states[i], new[] { _model.Format.BeginId })
        {
            MaxTokens = plan.Limit(source.Tokens.Length),
            ForcedPrefix = prefix,
            Index = source.Index,
            Trace = trace,
        })];
        IReadOnlyList<BeamHypothesis>[] found = options.Sampling is { } sampling
            ? BatchSampling.Sample(_model, starts, sampling, search with { BeamCount = options.BestCount, GroupCount = 1 }, cancellation)
            : BeamSearch.Search(_model, starts, search, cancellation);
        return [.. found.Select((hypotheses, i) => hypotheses.Take(options.BestCount).Select(hypothesis => Text(hypothesis, sources[i].Tokens, plan.Encoder)).ToArray())];
    }

    private TranslatedText Text(BeamHypothesis hypothesis, int[] source, SourceEncoder encoder)
    {
        int[] tokens = [.. hypothesis.Ended ? hypothesis.Tokens.SkipLast(1) : hypothesis.Tokens];
        return new TranslatedText(
            _vocabularies.Target.Decode(tokens, skipSpecialTokens: true), tokens, hypothesis.LogProbability, hypothesis.Score, hypothesis.Ended)
        {
            Attention = hypothesis.Attention is null
                ? null
                : new AttentionMatrix(
                    [.. source.Select(id => TokenText.Of(_vocabularies.Source, id))],
                    [.. hypothesis.Tokens.Select(id => TokenText.Of(_vocabularies.Target, id))],
                    hypothesis.Attention)
                {
                    SourcePlaces = encoder.Places(source),
                    Ended = hypothesis.Ended,
                },
        };
    }

    private SourceEncoder NewEncoder(TranslationOptions options) => new(_model.Format, _vocabularies.Source, options);

    // Checks the options, once for all texts.
    private Plan Prepare(TranslationOptions? asked)
    {
        TranslationOptions options = asked ?? new TranslationOptions();
        options.Validate();
        BeamSearchOptions search = options.Search with
        {
            StopIds = [_model.Format.EndId],
            SuppressedIds = [.. _suppressed, .. options.Search.SuppressedIds],
        };
        int[] prefix = EncodePrefix(options.ForcedPrefix);
        int most = Math.Min(search.MaxTokens, _model.ContextLength ?? int.MaxValue);
        if (search.MinTokens >= most)
            throw new InvalidDataException($"minimum length is {search.MinTokens}; expected less than the {most} tokens that the model can write.");
        if (prefix.Length >= most)
            throw new InvalidDataException($"the prefix has {prefix.Length} tokens; expected less than the longest translation ({most}).");
        return new Plan(options, NewEncoder(options), search, prefix);
    }

    private int[] EncodePrefix(string text)
    {
        try
        {
            return text.Length == 0 ? [] : _vocabularies.Target.Encode(text);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDataException($"the prefix cannot be encoded: {error.Message}", error);
        }
    }

    private sealed record Plan(TranslationOptions Options, SourceEncoder Encoder, BeamSearchOptions Search, int[] Prefix)
    {
        // What must be written is not held against the source's length.
        public int Limit(int sourceLength) => (int)Math.Min(
            Search.MaxTokens,
            Math.Max(Search.MinTokens + 1, Options.LengthFactor * sourceLength + Options.LengthAllowance + Prefix.Length));
    }
}
