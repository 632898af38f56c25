using System.Globalization;

namespace Ashlar.Evaluation.Translation;

/// <summary>BLEU and what it is made of.</summary>
public sealed record BleuScore : TranslationScore
{
    /// <summary>Matched n-grams for each order, smoothing included.</summary>
    public required IReadOnlyList<double> Matches { get; init; }

    /// <summary>N-grams of the hypotheses for each order, smoothing included.</summary>
    public required IReadOnlyList<double> Totals { get; init; }

    /// <summary>Precision for each order, in percent.</summary>
    public required IReadOnlyList<double> Precisions { get; init; }

    /// <summary>1, or less when the hypotheses are shorter than the references.</summary>
    public required double BrevityPenalty { get; init; }

    /// <summary>Words of the hypotheses.</summary>
    public required long HypothesisLength { get; init; }

    /// <summary>Words of the references that are closest in length.</summary>
    public required long ReferenceLength { get; init; }

    /// <inheritdoc/>
    public override string Detail
    {
        get
        {
            double ratio = ReferenceLength == 0 ? 0 : (double)HypothesisLength / ReferenceLength;
            string precisions = string.Join('/', Precisions.Select(value => value.ToString("F1", CultureInfo.InvariantCulture)));
            return string.Create(CultureInfo.InvariantCulture, $"{precisions} (BP = {BrevityPenalty:F3} ratio = {ratio:F3} hyp_len = {HypothesisLength} ref_len = {ReferenceLength})");
        }
    }
}
