namespace Ashlar.Inference.Models.NGrams;

/// <summary>How counts become probabilities, and what is left for words that were not seen after a context.</summary>
public enum NGramSmoothing
{
    /// <summary>c(hw) / c(h). A context that was never seen gives way to the next shorter one; an unseen word has probability 0.</summary>
    MaximumLikelihood,

    /// <summary>(c(hw) + k) / (c(h) + k V) with the longest context; 1 / V where the context was never seen (Lidstone; Laplace with k = 1).</summary>
    AddK,

    /// <summary>(c(hw) + T(h) p(w|h')) / (c(h) + T(h)), T(h) the number of different words after h (Witten and Bell 1991).</summary>
    WittenBell,

    /// <summary>Interpolated Kneser-Ney with one discount an order (Kneser and Ney 1995; Chen and Goodman 1999, section 4.1).</summary>
    KneserNey,

    /// <summary>Interpolated Kneser-Ney with discounts for counts of one, two, and three or more (Chen and Goodman 1999, section 4.2).</summary>
    ModifiedKneserNey,

    /// <summary>Probabilities and back-off weights as an ARPA file gives them (Katz 1987); there are no counts.</summary>
    BackOff,
}

/// <summary>Names of the smoothings in recipes and configurations.</summary>
public static class NGramSmoothingNames
{
    private static readonly string[] Names =
        ["maximum-likelihood", "add-k", "witten-bell", "kneser-ney", "modified-kneser-ney", "back-off"];

    /// <summary>The name in files, for instance <c>modified-kneser-ney</c>.</summary>
    public static string Name(this NGramSmoothing smoothing) => Names[(int)smoothing];

    /// <summary>Whether lower orders count different left neighbours instead of occurrences.</summary>
    public static bool CountsContinuations(this NGramSmoothing smoothing) =>
        smoothing is NGramSmoothing.KneserNey or NGramSmoothing.ModifiedKneserNey;

    /// <summary>The smoothing of a name, or null.</summary>
    public static NGramSmoothing? Parse(string name) =>
        Array.IndexOf(Names, name) is >= 0 and int index ? (NGramSmoothing)index : null;
}
