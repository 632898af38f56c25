using System.Buffers;
using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models;

/// <summary>The two layers after attention: GELU between them (GPT-2), or SiLU gate times up (SwiGLU).</summary>
internal sealed class FeedForward(DecoderConfiguration configuration, int layer, Linear inner, Linear output)
{
    private readonly int _width = configuration.FeedForwardWidth;
    private readonly bool _gated = !configuration.LearnedPositions;
    private readonly bool _tanh = configuration.TanhGelu;

    public static FeedForward Gpt2(DecoderConfiguration c, int layer, TensorReader read)
    {
        string name = $"transformer.h.{layer}.mlp.";
        return new(
            c,
            layer,
            Linear.FromInputRows(read, name + "c_fc", c.Width, c.FeedForwardWidth),
            Linear.FromInputRows(read, name + "c_proj", c.FeedForwardWidth, c.Width));
    }

    public static FeedForward Llama(DecoderConfiguration c, int layer, TensorReader read)
    {
        string name = $"model.layers.{layer}.mlp.";
        return new(
            c,
            layer,
            Linear.FromOutputRows(
                read,
                c.Width,
                [(name + "gate_proj.weight", null, c.FeedForwardWidth), (name + "up_proj.weight", null, c.FeedForwardWidth)]),
            Linear.FromOutputRows(read, c.FeedForwardWidth, [(name + "down_proj.weight", null, c.Width)]));
    }

    /// <summary>
    /// Observed: <c>feed-forward-inner</c> before the activation ([rows, inner], or gate and up side by side), and
    /// <c>feed-forward-activation</c> [rows, inner] after it.
    /// </summary>
    /// <param name="input">[rows, width], normalised.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="result">Receives [rows, width].</param>
    /// <param name="pool">Threads to share the work.</param>
    /// <param name="observer">Sees the values between.</param>
    public void Apply(ReadOnlySpan<float> input, int count, Span<float> result, WorkerPool pool, ActivationObserver? observer)
    {
        int fusedWidth = inner.OutputWidth;
        float[] fused = ArrayPool<float>.Shared.Rent(count * fusedWidth);
        inner.Apply(input, count, fused, pool);
        observer?.Invoke(layer, "feed-forward-inner", fused.AsSpan(0, count * fusedWidth));
        pool.For(count, row => Activate(fused.AsSpan(row * fusedWidth, fusedWidth)));
        // The gated rows keep their place until all are done, then close up for the next product.
        if (_gated)
            for (int row = 1; row < count; row++)
                fused.AsSpan(row * fusedWidth, _width).CopyTo(fused.AsSpan(row * _width));
        observer?.Invoke(layer, "feed-forward-activation", fused.AsSpan(0, count * _width));
        output.Apply(fused, count, result, pool);
        ArrayPool<float>.Shared.Return(fused);
    }

    private void Activate(Span<float> row)
    {
        if (_gated)
            SiluGate.Apply(row[.._width], row[_width..]);
        else if (_tanh)
            Gelu.ApplyTanh(row);
        else
            Gelu.ApplyExact(row);
    }
}
