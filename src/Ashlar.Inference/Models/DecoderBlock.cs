using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models;

/// <summary>
/// One block: x += attention(norm(x)); x += feedForward(norm(x)). GPT-1's norms come after:
/// x = norm(x + attention(x)); x = norm(x + feedForward(x)).
/// </summary>
internal sealed class DecoderBlock(
    int layer, Norm attentionNorm, SelfAttention attention, Norm feedForwardNorm, FeedForward feedForward, bool postNorm = false)
{
    public static DecoderBlock Load(DecoderConfiguration c, int layer, TensorReader read)
    {
        if (c.LearnedPositions)
        {
            string block = $"transformer.h.{layer}.";
            return new(
                layer,
                Norm.Layer(read, block + "ln_1", c.Width, c.NormEpsilon),
                SelfAttention.Gpt2(c, layer, read),
                Norm.Layer(read, block + "ln_2", c.Width, c.NormEpsilon),
                FeedForward.Gpt2(c, layer, read),
                c.PostNorm);
        }

        string name = $"model.layers.{layer}.";
        return new(
            layer,
            Norm.RootMeanSquare(read, name + "input_layernorm", c.Width, c.NormEpsilon),
            SelfAttention.Llama(c, layer, read),
            Norm.RootMeanSquare(read, name + "post_attention_layernorm", c.Width, c.NormEpsilon),
            FeedForward.Llama(c, layer, read));
    }

    /// <summary>
    /// Observed, each [rows, width]: <c>attention-norm</c>, <c>attention-output</c>, <c>attention-residual</c>,
    /// <c>feed-forward-norm</c>, <c>feed-forward-output</c>, <c>block</c>.
    /// </summary>
    /// <param name="rows">The rows' caches, positions and angles.</param>
    /// <param name="stream">The residual stream, [rows, width], updated in place.</param>
    /// <param name="normal">Working space as large as the stream.</param>
    /// <param name="branch">Working space as large as the stream.</param>
    /// <param name="pool">Threads to share the work.</param>
    /// <param name="observer">Sees the values between.</param>
    public void Apply(
        DecoderRows rows, Span<float> stream, Span<float> normal, Span<float> branch, WorkerPool pool, ActivationObserver? observer)
    {
        if (postNorm)
        {
            ApplyPostNorm(rows, stream, branch, pool, observer);
            return;
        }

        attentionNorm.Apply(stream, normal);
        observer?.Invoke(layer, "attention-norm", normal);
        attention.Apply(rows, normal, branch, pool, observer);
        observer?.Invoke(layer, "attention-output", branch);
        Addition.Accumulate(stream, branch);
        observer?.Invoke(layer, "attention-residual", stream);
        feedForwardNorm.Apply(stream, normal);
        observer?.Invoke(layer, "feed-forward-norm", normal);
        feedForward.Apply(normal, rows.Count, branch, pool, observer);
        observer?.Invoke(layer, "feed-forward-output", branch);
        Addition.Accumulate(stream, branch);
        observer?.Invoke(layer, "block", stream);
    }

    private void ApplyPostNorm(DecoderRows rows, Span<float> stream, Span<float> branch, WorkerPool pool, ActivationObserver? observer)
    {
        attention.Apply(rows, stream, branch, pool, observer);
        observer?.Invoke(layer, "attention-output", branch);
        Addition.Accumulate(stream, branch);
        observer?.Invoke(layer, "attention-residual", stream);
        attentionNorm.Apply(stream, stream);
        observer?.Invoke(layer, "attention-norm", stream);
        feedForward.Apply(stream, rows.Count, branch, pool, observer);
        observer?.Invoke(layer, "feed-forward-output", branch);
        Addition.Accumulate(stream, branch);
        feedForwardNorm.Apply(stream, stream);
        observer?.Invoke(layer, "block", stream);
    }
}
