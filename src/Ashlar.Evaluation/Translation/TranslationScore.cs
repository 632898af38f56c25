using System.Globalization;

namespace Ashlar.Evaluation.Translation;

/// <summary>A figure for a set of translations, with all that is needed to compare it with another.</summary>
public record TranslationScore
{
    /// <summary>Name of the measure, such as <c>BLEU</c> or <c>chrF2++</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The figure, in percent.</summary>
    public required double Value { get; init; }

    /// <summary>How it was computed; null where there is nothing to choose.</summary>
    public string? Signature { get; init; }

    /// <summary>Its parts, as sacreBLEU prints them after the figure; empty where it prints none.</summary>
    public virtual string Detail => "";

    /// <summary>One line, as sacreBLEU prints it.</summary>
    public override sealed string ToString()
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{(Signature is null ? Name : $"{Name}|{Signature}")} = {Value:F2}");
        return Detail.Length == 0 ? line : $"{line} {Detail}";
    }
}
