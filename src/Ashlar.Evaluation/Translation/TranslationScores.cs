using System.Text.Json.Nodes;

namespace Ashlar.Evaluation.Translation;

/// <summary>Every score of a set of translations.</summary>
public sealed record TranslationScores
{
    /// <summary><c>tokenised</c> or <c>detokenised</c>: what was compared. Figures of the one say nothing about the other.</summary>
    public required string Text { get; init; }

    /// <summary>Number of translations.</summary>
    public required int Lines { get; init; }

    /// <summary>Sets of references.</summary>
    public required int References { get; init; }

    /// <summary>BLEU, chrF, chrF++, TER, exact match, sentence and token accuracy.</summary>
    public required IReadOnlyList<TranslationScore> Scores { get; init; }

    /// <summary>Sentences about what looks wrong; usually none.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The BLEU among the scores.</summary>
    public BleuScore Bleu => Scores.OfType<BleuScore>().Single();

    /// <summary>Computes every score.</summary>
    /// <param name="hypotheses">The translations.</param>
    /// <param name="references">One or more sets of references, each as long as the hypotheses.</param>
    /// <param name="options">What kind of text it is.</param>
    /// <exception cref="InvalidDataException">The sets are not as long as the hypotheses, or the options contradict one another.</exception>
    public static TranslationScores Of(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, TranslationScoreOptions? options = null)
    {
        options ??= new TranslationScoreOptions();
        ReferenceSets.Check(hypotheses, references);
        string text = options.Tokenized ? "tokenised" : "detokenised";
        List<TranslationScore> scores =
        [
            Translation.Bleu.Corpus(hypotheses, references, options.Bleu),
            ChrF.Corpus(hypotheses, references, new ChrFOptions { Lowercase = options.Lowercase }),
            ChrF.Corpus(hypotheses, references, ChrFOptions.PlusPlus with { Lowercase = options.Lowercase }),
            Ter.Corpus(hypotheses, references),
            SequenceAccuracy.ExactMatch(hypotheses, references, options.Lowercase),
            SequenceAccuracy.Sentences(hypotheses, references, options.Lowercase),
            SequenceAccuracy.Tokens(hypotheses, references, options.Lowercase),
        ];
        return new TranslationScores
        {
            Text = text,
            Lines = hypotheses.Count,
            References = references.Count,
            Scores = options.Tokenized ? [.. scores.Select(score => score with { Name = $"tokenised {score.Name}" })] : scores,
            Warnings = [.. Doubts(hypotheses, references, options.Tokenized)],
        };
    }

    /// <summary>The scores as a JSON object, figures in full.</summary>
    public JsonObject ToJson() => new()
    {
        ["task"] = "translation",
        ["text"] = Text,
        ["lines"] = Lines,
        ["references"] = References,
        ["scores"] = new JsonArray([.. Scores.Select(score => (JsonNode)Describe(score))]),
        ["warnings"] = new JsonArray([.. Warnings.Select(warning => (JsonNode)warning)]),
    };

    private static JsonObject Describe(TranslationScore score)
    {
        JsonObject json = new() { ["name"] = score.Name, ["score"] = score.Value };
        if (score.Signature is not null)
            json["signature"] = score.Signature;
        if (score is BleuScore bleu)
        {
            json["precisions"] = new JsonArray([.. bleu.Precisions.Select(value => (JsonNode)value)]);
            json["brevityPenalty"] = bleu.BrevityPenalty;
            json["hypothesisLength"] = bleu.HypothesisLength;
            json["referenceLength"] = bleu.ReferenceLength;
        }

        if (score is TerScore ter)
        {
            json["edits"] = ter.Edits;
            json["referenceLength"] = ter.ReferenceLength;
        }

        return json;
    }

    private static IEnumerable<string> Doubts(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, bool tokenized)
    {
        bool own = LooksTokenised(hypotheses);
        bool[] others = [.. references.Select(LooksTokenised)];
        if (!tokenized && own)
            yield return "the translations look tokenised (lines end in ' .'); detokenise them, or say that both sides are tokenised.";
        for (int set = 0; set < others.Length; set++)
        {
            if (own != others[set])
                yield return $"of the translations and reference set {set + 1}, only {(own ? "the translations look" : "the references look")} tokenised; a score between the two means little.";
        }
    }

    // sacreBLEU's sign, a full stop that stands alone: a hundred lines of it, or most lines of a small set.
    private static bool LooksTokenised(IReadOnlyList<string> lines)
    {
        int count = lines.Count(line => line.TrimEnd().EndsWith(" .", StringComparison.Ordinal));
        return count >= 100 || (count > 0 && count * 2 >= lines.Count);
    }
}
