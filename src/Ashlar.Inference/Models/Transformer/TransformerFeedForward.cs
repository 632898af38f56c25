using Ashlar.Checkpoints.Configurations;
using Ashlar.Kernels;

namespace Ashlar.Inference.Models.Transformer;

/// <summary>The two matrices after attention, three with SwiGLU.</summary>
internal sealed class TransformerFeedForward(TransformerActivation activation, int innerWidth, Linear inner, Linear output)
{
    public static TransformerFeedForward Load(TransformerConfiguration c, string block, int innerWidth, TensorReader read)
    {
        (string, string?, int) first = (block + "fc1.weight", block + "fc1.bias", innerWidth);
        Linear inner = c.Activation == TransformerActivation.SwiGlu
            ? Linear.FromOutputRows(read, c.Width, [(block + "fc_gate.weight", block + "fc_gate.bias", innerWidth), first])
            : Linear.FromOutputRows(read, c.Width, [first]);
        return new(
            c.Activation,
            innerWidth,
            inner,
            Linear.FromOutputRows(read, innerWidth, [(block + "fc2.weight", block + "fc2.bias", c.Width)]));
    }

    /// <param name="input">[rows, width].</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="result">Receives [rows, width].</param>
    /// <param name="space">Memory for [rows, inner width].</param>
    /// <param name="pool">Threads to share the work.</param>
    public void Apply(ReadOnlySpan<float> input, int count, Span<float> result, WorkingSpace space, WorkerPool pool)
    {
        int fusedWidth = inner.OutputWidth;
        Span<float> fused = space.Take(count * fusedWidth);
        inner.Apply(input, count, fused, pool);
        for (int row = 0; row < count; row++)
            Activate(fused.Slice(row * fusedWidth, fusedWidth), fused.Slice(row * innerWidth, innerWidth));
        output.Apply(fused, count, result, pool);
    }

    // Row by row, so that a row's last values go through the same instructions wherever it stands. The gated rows close up.
    private void Activate(Span<float> row, Span<float> result)
    {
        switch (activation)
        {
            case TransformerActivation.Relu:
                Relu.Apply(row);
                break;
            case TransformerActivation.Gelu:
                Gelu.ApplyExact(row);
                break;
            case TransformerActivation.Silu:
                Silu.Apply(row);
                break;
            default:
                SiluGate.Apply(row[..innerWidth], row[innerWidth..]);
                row[..innerWidth].CopyTo(result);
                break;
        }
    }
}
