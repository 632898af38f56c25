namespace Ashlar.Evaluation.Translation;

/// <summary>How chrF is computed; the defaults are sacreBLEU's.</summary>
public sealed record ChrFOptions
{
    /// <summary>chrF++ (Popović 2017): words and pairs of words count too.</summary>
    public static ChrFOptions PlusPlus { get; } = new() { WordOrder = 2 };

    /// <summary>Longest run of characters.</summary>
    public int CharacterOrder { get; init; } = 6;

    /// <summary>Longest run of words; 2 makes it chrF++.</summary>
    public int WordOrder { get; init; }

    /// <summary>How many times recall counts as much as precision.</summary>
    public int Beta { get; init; } = 2;

    /// <summary>Compare without letter case.</summary>
    public bool Lowercase { get; init; }

    /// <summary>Count spaces as characters.</summary>
    public bool KeepSpaces { get; init; }

    /// <summary>
    /// A tiny precision for orders that do not occur, as in chrF++.py and NLTK, rather than leaving such orders out.
    /// </summary>
    public bool EpsilonSmoothing { get; init; }

    internal string Signature(int references) => ScoreSignature.Of(
        references,
        $"case:{(Lowercase ? "lc" : "mixed")}|eff:{(EpsilonSmoothing ? "no" : "yes")}|nc:{CharacterOrder}|nw:{WordOrder}|space:{(KeepSpaces ? "yes" : "no")}");
}
