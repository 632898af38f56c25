using Ashlar.Inference.Decoding;

namespace Ashlar.Inference.Translation;

/// <summary>How texts are translated.</summary>
public sealed record TranslationOptions
{
    /// <summary>
    /// Width, penalties and constraints of the search. End and forbidden tokens are the model's and are added; the longest
    /// translation is this one's or that of <see cref="LengthFactor"/>, whichever is shorter.
    /// </summary>
    public BeamSearchOptions Search { get; init; } = new()
    {
        BeamCount = 5,
        MaxTokens = 256,
        LengthPenalty = 1,
        Normalization = LengthNormalization.Google,
    };

    /// <summary>Draws translations instead of searching for the best: <see cref="BestCount"/> of them.</summary>
    public SamplingOptions? Sampling { get; init; }

    /// <summary>Translations of each text, best first; a search has at most as many as there are beams, and fewer if its groups agree.</summary>
    public int BestCount { get; init; } = 1;

    /// <summary>Longest translation: this times the tokens of the source, plus <see cref="LengthAllowance"/>.</summary>
    public double LengthFactor { get; init; } = 3;

    /// <summary>See <see cref="LengthFactor"/>.</summary>
    public int LengthAllowance { get; init; } = 20;

    /// <summary>Texts that go through the model together.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>What every translation begins with.</summary>
    public string ForcedPrefix { get; init; } = "";

    /// <summary>Language of the text, such as <c>zh</c>; for models that read tags.</summary>
    public string? SourceLanguage { get; init; }

    /// <summary>Language of the translation, such as <c>en</c>; for models that read tags.</summary>
    public string? TargetLanguage { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="InvalidDataException">A value is out of range; the sentence names it.</exception>
    public void Validate()
    {
        Search.Validate();
        Sampling?.Validate();
        if (BestCount < 1 || (Sampling is null && BestCount > Search.BeamCount))
            throw new InvalidDataException($"n-best is {BestCount}; expected from 1 to the beam ({Search.BeamCount}).");
        if (BatchSize < 1)
            throw new InvalidDataException($"batch is {BatchSize}; expected 1 or more.");
        if (LengthFactor is not (>= 0 and < double.PositiveInfinity) || LengthAllowance < 1)
            throw new InvalidDataException($"the longest translation is {LengthFactor} times the source plus {LengthAllowance}; expected 0 or more, plus 1 or more.");
    }
}
