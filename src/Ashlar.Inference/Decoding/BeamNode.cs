namespace Ashlar.Inference.Decoding;

/// <summary>The last token of a partial hypothesis and the one before it: hypotheses share their beginnings.</summary>
/// <param name="parent">The hypothesis without its last token; null at the root, which has none.</param>
/// <param name="token">The last token.</param>
/// <param name="logProbability">Of the whole hypothesis.</param>
internal sealed class BeamNode(BeamNode? parent, int token, double logProbability)
{
    public BeamNode? Parent => parent;

    public int Token => token;

    public double LogProbability => logProbability;

    public int Length { get; } = parent is null ? 0 : parent.Length + 1;

    /// <summary>The state that has read the hypothesis, while it is open; until then its parent's.</summary>
    public LanguageModelState? State { get; set; }

    /// <summary>Row of the hypothesis in the step's logits.</summary>
    public int Row { get; set; }

    /// <summary>Where the search's trace has it, if there is one; -1 at the root.</summary>
    public int TraceIndex { get; set; } = -1;

    /// <summary>What the next token looks at: [source], if that is asked for.</summary>
    public float[]? Attention { get; set; }

    /// <summary>Attention that each source token has received up to the next token: [source].</summary>
    public float[]? Coverage { get; set; }

    /// <summary>Writes the tokens to the first <see cref="Length"/> places.</summary>
    public void CopyTokens(Span<int> destination)
    {
        for (BeamNode node = this; node.Parent is not null; node = node.Parent)
            destination[node.Length - 1] = node.Token;
    }

    public BeamHypothesis Finish(BeamSearchOptions options, bool ended)
    {
        int[] tokens = new int[Length];
        CopyTokens(tokens);
        float[][]? attention = null;
        if (options.KeepAttention)
        {
            attention = new float[Length][];
            for (BeamNode node = this; node.Parent is not null; node = node.Parent)
                attention[node.Length - 1] = node.Parent.Attention!;
        }

        return new(tokens, LogProbability, options.Score(LogProbability, Length, Parent?.Coverage), ended) { Attention = attention };
    }
}
