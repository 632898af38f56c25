using Ashlar.Checkpoints.Configurations;
using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>What one block's forward pass leaves for its backward pass. With activation checkpointing, all blocks share one.</summary>
internal sealed class BlockActivations(ScalarType products) : IDisposable
{
    /// <summary>The first norm's output, [tokens, width].</summary>
    public Activation AttentionInput { get; } = new(products);

    /// <summary>Query, key and value as projected, biases added; with rotary positions, turned in place. [tokens, all heads].</summary>
    public Activation Projected { get; } = new(products);

    /// <summary>Query and key after their norms (Qwen3 only), turned. [tokens, all query and key heads].</summary>
    public Activation Normed { get; } = new(products);

    /// <summary>Attention's output, [tokens, heads · head width].</summary>
    public Activation Mixed { get; } = new(products);

    /// <summary>Logarithms of the attention rows' sums, [heads, tokens] fp32.</summary>
    public Activation LogSums { get; } = new(ScalarType.Float32);

    /// <summary>The residual stream between attention and feed-forward, [tokens, width] fp32.</summary>
    public Activation Middle { get; } = new(ScalarType.Float32);

    /// <summary>The second norm's output, [tokens, width].</summary>
    public Activation FeedForwardInput { get; } = new(products);

    /// <summary>The inner layer's output before the activation, [tokens, inner width], or gate and up side by side.</summary>
    public Activation Inner { get; } = new(products);

    /// <summary>After the activation, [tokens, inner width].</summary>
    public Activation Activated { get; } = new(products);

    public BlockActivations Resize(int tokens, DecoderConfiguration c)
    {
        AttentionInput.Resize(tokens, c.Width);
        Projected.Resize(tokens, (c.HeadCount + (2 * c.KeyValueHeadCount)) * c.HeadWidth);
        if (c.QueryKeyNorm)
            Normed.Resize(tokens, (c.HeadCount + c.KeyValueHeadCount) * c.HeadWidth);
        Mixed.Resize(tokens, c.HeadCount * c.HeadWidth);
        LogSums.Resize(c.HeadCount, tokens);
        Middle.Resize(tokens, c.Width);
        FeedForwardInput.Resize(tokens, c.Width);
        Inner.Resize(tokens, c.Architecture == DecoderArchitecture.Gpt2 ? c.FeedForwardWidth : 2 * c.FeedForwardWidth);
        Activated.Resize(tokens, c.FeedForwardWidth);
        return this;
    }

    public void Dispose()
    {
        foreach (Activation activation in (Activation[])
            [AttentionInput, Projected, Normed, Mixed, LogSums, Middle, FeedForwardInput, Inner, Activated])
            activation.Dispose();
    }
}

/// <summary>Working memory that all blocks share.</summary>
internal sealed class FusedBuffers(ScalarType products) : IDisposable
{
    /// <summary>A branch's output before it joins the residual stream, or its gradient, [tokens, width].</summary>
    public Activation Branch { get; } = new(products);

    /// <summary>Gradient of a norm's output, [tokens, width].</summary>
    public Activation NormGradient { get; } = new(products);

    /// <summary>Gradient of the activated inner layer, [tokens, inner width].</summary>
    public Activation InnerGradient { get; } = new(products);

    /// <summary>Gradient of attention's output, [tokens, heads · head width].</summary>
    public Activation MixedGradient { get; } = new(products);

    /// <summary>Gradient of query, key and value, [tokens, all heads].</summary>
    public Activation ProjectedGradient { get; } = new(products);

    public void Dispose()
    {
        foreach (Activation activation in (Activation[])[Branch, NormGradient, InnerGradient, MixedGradient, ProjectedGradient])
            activation.Dispose();
    }
}
