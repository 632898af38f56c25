namespace Ashlar.Evaluation.Translation;

/// <summary>What kind of text is scored, and how.</summary>
public sealed record TranslationScoreOptions
{
    /// <summary>
    /// Whether translations and references are tokenised already. Such figures depend on that tokenization and can't be
    /// compared with those of plain text, so they carry another name.
    /// </summary>
    public bool Tokenized { get; init; }

    /// <summary>BLEU's tokenizer; null for <c>none</c> on tokenised text and <c>13a</c> on plain text.</summary>
    public BleuTokenizer? Tokenizer { get; init; }

    /// <summary>Compare without letter case (TER always does).</summary>
    public bool Lowercase { get; init; }

    /// <summary>BLEU's smoothing.</summary>
    public BleuSmoothing Smoothing { get; init; } = BleuSmoothing.Exponential;

    /// <summary>The amount of smoothing, where the method has one.</summary>
    public double? SmoothingValue { get; init; }

    /// <summary>The options of BLEU.</summary>
    /// <exception cref="InvalidDataException">Tokenised text is to be tokenised again.</exception>
    internal BleuOptions Bleu
    {
        get
        {
            BleuTokenizer tokenizer = Tokenizer ?? (Tokenized ? BleuTokenizer.None : BleuTokenizer.Mteval13a);
            if (Tokenized && tokenizer is not BleuTokenizer.None)
                throw new InvalidDataException($"the text is tokenised already; expected the BLEU tokenizer none, not {BleuTokenizers.Name(tokenizer)}.");
            return new BleuOptions { Tokenizer = tokenizer, Lowercase = Lowercase, Smoothing = Smoothing, SmoothingValue = SmoothingValue };
        }
    }

    /// <summary>The options of BLEU for single sentences: orders that a sentence is too short for are left out.</summary>
    /// <exception cref="InvalidDataException">Tokenised text is to be tokenised again.</exception>
    public BleuOptions BleuForSentences => Bleu with { EffectiveOrder = true };
}
