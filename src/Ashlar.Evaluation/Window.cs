namespace Ashlar.Evaluation;

/// <summary>A piece of a document to read, and which of the tokens after it to score.</summary>
/// <param name="Inputs">Tokens to read.</param>
/// <param name="Targets">For each input the token that follows it.</param>
/// <param name="FirstScored">Index of the first target that no earlier window scored.</param>
internal readonly record struct Window(ReadOnlyMemory<int> Inputs, ReadOnlyMemory<int> Targets, int FirstScored)
{
    /// <summary>Cuts documents so that every token with a predecessor is a scored target exactly once.</summary>
    public static IEnumerable<Window> Cut(IEnumerable<ReadOnlyMemory<int>> documents, int length, int stride, int? beginOfTextId)
    {
        foreach (ReadOnlyMemory<int> document in documents)
        {
            ReadOnlyMemory<int> tokens = document;
            if (beginOfTextId is { } begin && (document.IsEmpty || document.Span[0] != begin))
                tokens = (int[])[begin, .. document.Span];
            int scored = 0; // targets so far; target i is token i + 1
            for (int start = 0; scored < tokens.Length - 1; start += stride)
            {
                int end = Math.Min(start + length, tokens.Length - 1);
                yield return new(tokens[start..end], tokens[(start + 1)..(end + 1)], scored - start);
                scored = end;
            }
        }
    }
}
