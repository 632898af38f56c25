namespace Ashlar.Datasets.Parallel;

/// <summary>From which language into which, by codes such as <c>zh</c> and <c>en</c>.</summary>
/// <param name="Source">Language that is read.</param>
/// <param name="Target">Language that is written.</param>
public sealed record TranslationDirection(string Source, string Target)
{
    /// <summary>The other way round.</summary>
    public TranslationDirection Reversed => new(Target, Source);

    /// <summary>
    /// The token before the source that asks for the target language, <c>&lt;2en&gt;</c> (Johnson et al. 2017, section 3).
    /// </summary>
    public string TargetTag => $"<2{Target}>";

    /// <summary>The token before it that names the source language, <c>&lt;zh&gt;</c>.</summary>
    public string SourceTag => $"<{Source}>";

    /// <summary>Reads <c>zh-en</c> or <c>zh:en</c>.</summary>
    /// <exception cref="InvalidDataException">It is not two codes.</exception>
    public static TranslationDirection Parse(string text)
    {
        string[] codes = text.Split(['-', ':']);
        return codes.Length == 2 && codes.All(code => code.Length > 0 && code.All(char.IsAsciiLetterOrDigit))
            ? new TranslationDirection(codes[0], codes[1])
            : throw new InvalidDataException($"direction '{text}' is unknown; expected two language codes such as 'zh-en'.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Source}-{Target}";
}
