using Ashlar.Checkpoints.Configurations;

namespace Ashlar.Inference;

/// <summary>
/// A language model with a source: its states have read a source sentence before their first token, and its distributions
/// depend on it. Everything that decodes or scores a language model does so with these states too.
/// </summary>
public interface ISequenceToSequenceModel : ILanguageModel
{
    /// <summary>Number of source token ids.</summary>
    int SourceVocabularySize { get; }

    /// <summary>Longest source in tokens, or null if there is no limit.</summary>
    int? SourceLength { get; }

    /// <summary>What stands around sentences.</summary>
    TranslationFormat Format { get; }

    /// <summary>Layers whose attention to the source can be read; 0 without attention.</summary>
    int AttentionLayerCount { get; }

    /// <summary>Heads of each of these layers.</summary>
    int AttentionHeadCount { get; }

    /// <summary>Reads sources, all together, and makes a state for each. A source's state does not depend on the others.</summary>
    /// <param name="sources">[count] source ids, at least one each, with whatever <see cref="Format"/> puts around them.</param>
    /// <param name="keepAttention">Whether the states remember what the last token looked at.</param>
    /// <exception cref="ArgumentException">A source is empty, or an id is outside the source vocabulary.</exception>
    /// <exception cref="ContextOverflowException">A source is longer than <see cref="SourceLength"/>.</exception>
    SequenceToSequenceState[] NewStates(ReadOnlySpan<ReadOnlyMemory<int>> sources, bool keepAttention = false);

    /// <summary>There is none: a translation begins with its source.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    LanguageModelState ILanguageModel.NewState() =>
        throw new NotSupportedException("A sequence-to-sequence model makes states from sources.");
}

/// <summary>Single-sequence forms of <see cref="ISequenceToSequenceModel"/>.</summary>
public static class SequenceToSequenceExtensions
{
    /// <summary>Reads one source.</summary>
    /// <param name="model">The model.</param>
    /// <param name="source">Source ids.</param>
    /// <param name="keepAttention">Whether the state remembers what the last token looked at.</param>
    public static SequenceToSequenceState NewState(
        this ISequenceToSequenceModel model, ReadOnlyMemory<int> source, bool keepAttention = false) =>
        model.NewStates([source], keepAttention)[0];
}
