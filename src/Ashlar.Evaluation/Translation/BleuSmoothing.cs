namespace Ashlar.Evaluation.Translation;

/// <summary>What stands for a precision of zero (Chen and Cherry 2014).</summary>
public enum BleuSmoothing
{
    /// <summary><c>exp</c>: 1/2, 1/4, ... of a match, as mteval-v13a (method 3).</summary>
    Exponential,

    /// <summary><c>floor</c>: a fixed part of a match, 0.1 by default (method 1).</summary>
    Floor,

    /// <summary><c>add-k</c>: k more matches and n-grams for each order above 1, 1 by default (method 2).</summary>
    AddK,

    /// <summary><c>none</c>: one order without a match makes the score 0.</summary>
    None,
}
