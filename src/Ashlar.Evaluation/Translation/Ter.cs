using System.Globalization;

namespace Ashlar.Evaluation.Translation;

/// <summary>Translation edit rate and what it is made of; lower is better.</summary>
public sealed record TerScore : TranslationScore
{
    /// <summary>Edits against the closest reference of each sentence, summed.</summary>
    public required long Edits { get; init; }

    /// <summary>Words of the references, the mean over the sets.</summary>
    public required double ReferenceLength { get; init; }

    /// <inheritdoc/>
    public override string Detail => string.Create(CultureInfo.InvariantCulture, $"(edits = {Edits} ref_len = {ReferenceLength:0.#})");
}

/// <summary>
/// TER (Snover et al. 2006) as Tercom computes it, with sacreBLEU's figures: insertions, deletions, substitutions and moves of
/// runs of words that turn the hypothesis into the reference, for each word of the reference.
/// </summary>
public static class Ter
{
    /// <summary>TER of a corpus.</summary>
    /// <param name="hypotheses">The translations.</param>
    /// <param name="references">One or more sets of references, each as long as the hypotheses.</param>
    /// <param name="options">How it is computed.</param>
    /// <exception cref="InvalidDataException">There are no references, or a set is not as long as the hypotheses.</exception>
    public static TerScore Corpus(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, TerOptions? options = null)
    {
        options ??= new TerOptions();
        ReferenceSets.Check(hypotheses, references);
        long edits = 0;
        double length = 0;
        for (int i = 0; i < hypotheses.Count; i++)
        {
            string[] hypothesis = Words(hypotheses[i]);
            string[][] others = [.. references.Select(set => Words(set[i]))];
            edits += others.Min(reference => WordShifts.Edits(hypothesis, reference));
            length += others.Average(reference => reference.Length);
        }

        return new TerScore
        {
            Name = "TER",
            // Nothing against nothing is no edit; anything against nothing is wrong altogether.
            Value = length > 0 ? 100 * (edits / length) : edits > 0 ? 100 : 0,
            Signature = options.Signature(references.Count),
            Edits = edits,
            ReferenceLength = length,
        };

        string[] Words(string line) => TerTokenizer.Words(TextSegments.TrimEnd(line), options);
    }

    /// <summary>TER of one sentence.</summary>
    public static TerScore Sentence(string hypothesis, IReadOnlyList<string> references, TerOptions? options = null) =>
        Corpus([hypothesis], [.. references.Select(reference => (string[])[reference])], options);
}
