namespace Ashlar.Evaluation.Translation;

/// <summary>Counts that BLEU is computed from; those of sentences add up to those of the corpus.</summary>
internal sealed class BleuStatistics(int orders)
{
    public long HypothesisLength { get; set; }

    public long ReferenceLength { get; set; }

    public long[] Matches { get; } = new long[orders];

    public long[] Totals { get; } = new long[orders];

    /// <summary>Adds one sentence.</summary>
    public void Add(string[] hypothesis, IReadOnlyList<string[]> references)
    {
        HypothesisLength += hypothesis.Length;
        ReferenceLength += ClosestLength(hypothesis.Length, references);
        for (int order = 1; order <= Matches.Length; order++)
        {
            // An n-gram counts as often as the reference that has it most often.
            Dictionary<WordRun, int> allowed = [];
            foreach (string[] reference in references)
            {
                foreach ((WordRun run, int count) in WordRun.Count(reference, order))
                    allowed[run] = Math.Max(allowed.GetValueOrDefault(run), count);
            }

            foreach ((WordRun run, int count) in WordRun.Count(hypothesis, order))
            {
                Totals[order - 1] += count;
                Matches[order - 1] += Math.Min(count, allowed.GetValueOrDefault(run));
            }
        }
    }

    // The shorter of two that are equally close.
    private static int ClosestLength(int length, IReadOnlyList<string[]> references) =>
        references.Select(reference => reference.Length).OrderBy(other => Math.Abs(other - length)).ThenBy(other => other).First();
}
