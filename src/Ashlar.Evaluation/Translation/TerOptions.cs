namespace Ashlar.Evaluation.Translation;

/// <summary>How TER is computed; the defaults are sacreBLEU's.</summary>
public sealed record TerOptions
{
    /// <summary>Unescape and separate punctuation as Tercom's normalizer.</summary>
    public bool Normalize { get; init; }

    /// <summary>Leave punctuation out.</summary>
    public bool IgnorePunctuation { get; init; }

    /// <summary>Cut Chinese and Japanese into characters when normalizing, and know their punctuation.</summary>
    public bool AsianSupport { get; init; }

    /// <summary>Whether letter case counts.</summary>
    public bool CaseSensitive { get; init; }

    internal string Signature(int references) => ScoreSignature.Of(
        references,
        $"case:{(CaseSensitive ? "mixed" : "lc")}|tok:tercom|norm:{YesNo(Normalize)}|punct:{YesNo(!IgnorePunctuation)}|asian:{YesNo(AsianSupport)}");

    private static string YesNo(bool value) => value ? "yes" : "no";
}
