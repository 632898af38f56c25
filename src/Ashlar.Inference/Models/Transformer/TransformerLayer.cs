using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>A sub-layer's norm, before it (pre-norm) or after the sum (post-norm).</summary>
internal sealed class SubLayer(bool before, Norm norm)
{
    public static SubLayer Load(TransformerConfiguration c, string name, TensorReader read) =>
        new(c.PreNorm, Norm.Layer(read, name, c.Width, c.NormEpsilon));

    /// <summary>What the sub-layer reads: the stream, or its normalised copy in <paramref name="normal"/>.</summary>
    public ReadOnlySpan<float> Input(ReadOnlySpan<float> stream, Span<float> normal)
    {
        if (!before)
            return stream;
        norm.Apply(stream, normal);
        return normal;
    }

    /// <summary>Adds the sub-layer's result to the stream.</summary>
    public void Join(Span<float> stream, ReadOnlySpan<float> branch)
    {
        Addition.Accumulate(stream, branch);
        if (!before)
            norm.Apply(stream, stream);
    }
}

/// <summary>The projections of a self-attention: query, key and value in one product, and the output's.</summary>
internal sealed class SelfProjection(Linear queryKeyValue, Linear output)
{
    public Linear QueryKeyValue => queryKeyValue;

    public Linear Output => output;

    public static SelfProjection Load(TransformerConfiguration c, string attention, TensorReader read)
    {
        return new(
            Linear.FromOutputRows(read, c.Width, [Part("q_proj"), Part("k_proj"), Part("v_proj")]),
            Linear.FromOutputRows(read, c.Width, [Part("out_proj")]));

        (string, string?, int) Part(string part) => ($"{attention}{part}.weight", $"{attention}{part}.bias", c.Width);
    }
}
