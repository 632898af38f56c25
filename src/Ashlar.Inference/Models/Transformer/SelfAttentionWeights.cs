namespace Ashlar.Inference.Models.Transformer;

/// <summary>What each token of a sentence took from each token of the same sentence, in every layer and head of an encoder or a decoder.</summary>
public sealed class SelfAttentionWeights
{
    internal SelfAttentionWeights(int layerCount, int headCount, int length)
    {
        (LayerCount, HeadCount, Length) = (layerCount, headCount, length);
        Weights = new float[checked(layerCount * headCount * length * length)];
    }

    /// <summary>Layers.</summary>
    public int LayerCount { get; }

    /// <summary>Heads of each.</summary>
    public int HeadCount { get; }

    /// <summary>Tokens.</summary>
    public int Length { get; }

    /// <summary>[layers, heads, tokens that look, tokens that are looked at]; a row sums to 1, and what a decoder may not see has 0.</summary>
    public float[] Weights { get; }

    /// <summary>Where a row goes: [tokens].</summary>
    internal Span<float> Row(int layer, int head, int token) =>
        Weights.AsSpan(((layer * HeadCount + head) * Length + token) * Length, Length);
}
