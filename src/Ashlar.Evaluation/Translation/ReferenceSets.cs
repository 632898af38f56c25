namespace Ashlar.Evaluation.Translation;

/// <summary>Checks that hypotheses and references belong together.</summary>
internal static class ReferenceSets
{
    /// <exception cref="InvalidDataException">They do not.</exception>
    public static void Check(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references)
    {
        if (hypotheses.Count == 0)
            throw new InvalidDataException("there are no translations to score.");
        if (references.Count == 0)
            throw new InvalidDataException("there are no references; expected at least one set.");
        for (int set = 0; set < references.Count; set++)
        {
            if (references[set].Count != hypotheses.Count)
                throw new InvalidDataException($"there are {hypotheses.Count} translations and {references[set].Count} references in set {set + 1}; expected as many.");
        }
    }
}
